import { joinedMembers } from "./answers.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { Group } from "./group.ts";
import { NO_BYTES } from "./protocols.ts";
import type {
  DeleteGroupAnswer,
  GroupDescription,
  GroupListing,
  MemberDescription,
} from "./requests.ts";

/** DescribeGroups for one group; one that does not exist is Dead, without an error. */
export function describeGroup(
  { groups, offsets }: CoordinatorContext,
  groupId: string,
): GroupDescription {
  const group = groups.get(groupId);
  if (group) return describe(group);
  const state = offsets.readAll(groupId).length > 0 ? "Empty" : "Dead";
  return { ...UNKNOWN_GROUP, groupId, state };
}

const UNKNOWN_GROUP = {
  errorCode: GROUP_ERRORS.NONE,
  protocolType: "",
  protocolName: "",
  members: [],
} as const;

function describe(group: Group): GroupDescription {
  const isStable = group.state === "Stable";
  return {
    errorCode: GROUP_ERRORS.NONE,
    groupId: group.id,
    state: group.state,
    protocolType: group.protocolType ?? "",
    protocolName: isStable ? (group.protocolName ?? "") : "",
    members: joinedMembers(group).map((joined): MemberDescription => {
      const member = group.members.get(joined.memberId);
      return {
        ...joined,
        clientId: member?.clientId ?? "",
        clientHost: member?.clientHost ?? "",
        metadata: isStable ? joined.metadata : NO_BYTES,
        assignment: isStable ? (member?.assignment ?? NO_BYTES) : NO_BYTES,
      };
    }),
  };
}

/** ListGroups, of all states if none is named; a group that only has offsets is Empty. */
export function listGroups(
  { groups, offsets }: CoordinatorContext,
  states: readonly string[],
): GroupListing[] {
  const listings = new Map<string, GroupListing>();
  for (const groupId of offsets.groups()) {
    listings.set(groupId, { groupId, protocolType: "", state: "Empty" });
  }
  for (const { id, protocolType, state } of groups.all()) {
    listings.set(id, { groupId: id, protocolType: protocolType ?? "", state });
  }
  const wanted = new Set(states.map((state) => state.toLowerCase()));
  return [...listings.values()].filter(
    ({ state }) => wanted.size === 0 || wanted.has(state.toLowerCase()),
  );
}

/** DeleteGroups for one group: only one without members, and its offsets go with it. */
export function deleteGroup(
  { groups, offsets }: CoordinatorContext,
  groupId: string,
): DeleteGroupAnswer {
  const group = groups.get(groupId);
  if (group && group.state !== "Empty") {
    return { groupId, errorCode: GROUP_ERRORS.NON_EMPTY_GROUP };
  }
  const hadOffsets = offsets.deleteGroup(groupId);
  if (group) groups.drop(group);
  const existed = hadOffsets || group !== undefined;
  return { groupId, errorCode: existed ? GROUP_ERRORS.NONE : GROUP_ERRORS.GROUP_ID_NOT_FOUND };
}
