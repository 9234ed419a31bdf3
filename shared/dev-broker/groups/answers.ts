import { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { Member } from "./member.ts";
import { metadataFor, NO_BYTES } from "./protocols.ts";
import type { JoinAnswer, JoinedMember, SyncAnswer } from "./requests.ts";

/** Refuses a join; `memberId` is the id that the client should know itself by. */
export function refusedJoin(errorCode: GroupErrorCode, memberId = ""): JoinAnswer {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: "",
    memberId,
    members: [],
  };
}

/** Tells `member` about the current generation; only its leader learns who else is in it. */
export function joined(group: Group, member: Member): JoinAnswer {
  return {
    errorCode: GROUP_ERRORS.NONE,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? "",
    memberId: member.id,
    members: group.leaderId === member.id ? joinedMembers(group) : [],
  };
}

/** Every member with what it said under the chosen protocol. */
export function joinedMembers(group: Group): JoinedMember[] {
  return [...group.members.values()].map((member) => ({
    memberId: member.id,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataFor(member.protocols, group.protocolName),
  }));
}

export function refusedSync(errorCode: GroupErrorCode): SyncAnswer {
  return { errorCode, assignment: NO_BYTES };
}

export function synced(member: Member): SyncAnswer {
  return { errorCode: GROUP_ERRORS.NONE, assignment: member.assignment };
}
