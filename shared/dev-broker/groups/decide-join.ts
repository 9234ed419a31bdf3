import { checkMember } from "./check-member.ts";
import { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { Member } from "./member.ts";
import { isCompatible, sameProtocols } from "./protocols.ts";
import type { JoinRequest } from "./requests.ts";
import type { Limits } from "./settings.ts";

/** What a JoinGroup leads to. */
export type JoinDecision =
  | { readonly kind: "refuse"; readonly errorCode: GroupErrorCode; readonly memberId: string }
  /** Give out an id and have the client come back with it. */
  | { readonly kind: "give-id" }
  /** Take in a new member; without an id it gets one. */
  | { readonly kind: "admit"; readonly memberId: string | null }
  /** A static member has restarted: it takes over from `member`. */
  | { readonly kind: "replace"; readonly member: Member }
  /** A known member joins the next generation. */
  | { readonly kind: "rejoin"; readonly member: Member }
  /** Nothing has changed: tell the member about the current generation again. */
  | { readonly kind: "repeat"; readonly member: Member };

/** Decides by the state of the group alone; a group that nobody has joined yet is an Empty one. */
export function decideJoin(group: Group, request: JoinRequest, limits: Limits): JoinDecision {
  const { memberId, groupInstanceId, sessionTimeoutMs } = request;
  const refuse = (errorCode: GroupErrorCode, id = memberId): JoinDecision => ({
    kind: "refuse",
    errorCode,
    memberId: id,
  });

  if (request.groupId === "") return refuse(GROUP_ERRORS.INVALID_GROUP_ID);
  if (
    sessionTimeoutMs < limits.minSessionTimeoutMs ||
    sessionTimeoutMs > limits.maxSessionTimeoutMs
  ) {
    return refuse(GROUP_ERRORS.INVALID_SESSION_TIMEOUT);
  }
  if (!fitsProtocols(group, request)) return refuse(GROUP_ERRORS.INCONSISTENT_GROUP_PROTOCOL);

  if (memberId === "") {
    const predecessor = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId);
    if (predecessor) return { kind: "replace", member: predecessor };
    if (group.members.size + group.pendingIds.size >= limits.maxGroupSize) {
      return refuse(GROUP_ERRORS.GROUP_MAX_SIZE_REACHED);
    }
    const mustComeBack = request.requireKnownMemberId && groupInstanceId === null;
    return mustComeBack ? { kind: "give-id" } : { kind: "admit", memberId: null };
  }

  if (groupInstanceId === null && group.pendingIds.has(memberId)) {
    return { kind: "admit", memberId };
  }
  const { member, errorCode } = checkMember(group, request);
  if (!member) return refuse(errorCode);
  return { kind: startsRebalance(group, member, request) ? "rejoin" : "repeat", member };
}

function fitsProtocols(group: Group, request: JoinRequest): boolean {
  if (request.protocolType === "" || request.protocols.length === 0) return false;
  if (group.members.size === 0) return true;
  const others = [...group.members.values()].filter((member) => !isFrom(request, member));
  return group.protocolType === request.protocolType && isCompatible(request.protocols, others);
}

function isFrom({ memberId, groupInstanceId }: JoinRequest, member: Member): boolean {
  return (
    member.id === memberId ||
    (groupInstanceId !== null && member.groupInstanceId === groupInstanceId)
  );
}

/** The leader rejoins on purpose: what it divides (partitions) may have changed unseen by us. */
function startsRebalance(group: Group, member: Member, request: JoinRequest): boolean {
  if (group.state === "PreparingRebalance") return true;
  if (group.state === "Stable" && group.leaderId === member.id) return true;
  return !sameProtocols(member.protocols, request.protocols);
}
