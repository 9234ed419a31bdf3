import { joined, refusedJoin } from "./answers.ts";
import type { CoordinatorContext } from "./context.ts";
import { decideJoin } from "./decide-join.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { Group } from "./group.ts";
import { createMember, type Member, settingsOf } from "./member.ts";
import { park } from "./parked.ts";
import { chooseProtocol } from "./protocols.ts";
import type { JoinAnswer, JoinRequest } from "./requests.ts";
import { answerParked, removeMember } from "./sessions.ts";
import { createTimerSlot } from "./timers.ts";

/** JoinGroup: answers at once, or when the group's next generation begins. */
export async function join(context: CoordinatorContext, request: JoinRequest): Promise<JoinAnswer> {
  const group = context.groups.getOrNew(request.groupId);
  const decision = decideJoin(group, request, context.limits);
  if (decision.kind === "refuse") return refusedJoin(decision.errorCode, decision.memberId);
  if (request.signal?.aborted || !context.groups.keep(group)) {
    return refusedJoin(GROUP_ERRORS.COORDINATOR_NOT_AVAILABLE, request.memberId);
  }
  switch (decision.kind) {
    case "give-id":
      return giveId(context, group, request);
    case "admit":
      return admit(context, group, request, decision.memberId ?? newMemberId(context, request));
    case "replace":
      return replace(context, group, request, decision.member);
    case "rejoin":
      return rejoin(context, group, request, decision.member);
    case "repeat":
      context.sessions.renew(group, decision.member);
      return joined(group, decision.member);
  }
}

function newMemberId({ randomId }: CoordinatorContext, request: JoinRequest): string {
  return `${request.groupInstanceId ?? request.clientId}-${randomId()}`;
}

function giveId(context: CoordinatorContext, group: Group, request: JoinRequest): JoinAnswer {
  const memberId = newMemberId(context, request);
  const expiry = createTimerSlot(context.timers);
  group.pendingIds.set(memberId, expiry);
  expiry.set(request.sessionTimeoutMs, () => {
    group.forgetPendingId(memberId);
    context.rebalance.completeIfJoined(group);
  });
  return refusedJoin(GROUP_ERRORS.MEMBER_ID_REQUIRED, memberId);
}

function admit(
  context: CoordinatorContext,
  group: Group,
  request: JoinRequest,
  memberId: string,
): Promise<JoinAnswer> {
  const member = createMember(request, memberId, context.timers);
  group.add(member, request.protocolType);
  return parkJoin(context, group, request, member);
}

function rejoin(
  context: CoordinatorContext,
  group: Group,
  request: JoinRequest,
  member: Member,
): Promise<JoinAnswer> {
  Object.assign(member, settingsOf(request));
  return parkJoin(context, group, request, member);
}

/**
 * A restarted static member gets its old work back without disturbing the others. It is told its
 * predecessor's id as the leader's, lest it divide the work anew (KIP-345; KIP-814 for later versions).
 */
async function replace(
  context: CoordinatorContext,
  group: Group,
  request: JoinRequest,
  member: Member,
): Promise<JoinAnswer> {
  const formerLeader = group.leaderId ?? "";
  const successor = createMember(request, newMemberId(context, request), context.timers);
  group.replace(member, successor);
  answerParked(member, GROUP_ERRORS.FENCED_INSTANCE_ID, member.id);

  const keepsGeneration =
    group.state === "Stable" && chooseProtocol([...group.members.values()]) === group.protocolName;
  if (!keepsGeneration) return parkJoin(context, group, request, successor);
  successor.isNew = false;
  context.sessions.renew(group, successor);
  return { ...joined(group, successor), leader: formerLeader, members: [] };
}

function parkJoin(
  context: CoordinatorContext,
  group: Group,
  request: JoinRequest,
  member: Member,
): Promise<JoinAnswer> {
  const { sessions, rebalance, limits } = context;
  answerParked(member, GROUP_ERRORS.REBALANCE_IN_PROGRESS, member.id);
  sessions.suspend(member);
  if (member.isNew) sessions.limitFirstJoin(group, member, limits.newMemberJoinTimeoutMs);

  const parked = park<JoinAnswer>(request.signal, (join) => {
    member.parkedJoin = undefined;
    join.answer(refusedJoin(GROUP_ERRORS.UNKNOWN_MEMBER_ID));
    // Nobody was ever told this id, so nobody can come back with it.
    const isLost = member.isNew && request.memberId === "" && request.groupInstanceId === null;
    if (isLost) removeMember(group, member);
    else sessions.renew(group, member);
  });
  member.parkedJoin = parked;
  rebalance.afterChange(group);
  return parked.promise;
}
