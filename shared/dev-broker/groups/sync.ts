import { refusedSync, synced } from "./answers.ts";
import { checkGeneration } from "./check-member.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { Group } from "./group.ts";
import { park } from "./parked.ts";
import { NO_BYTES } from "./protocols.ts";
import type { MemberAssignment, SyncAnswer, SyncRequest } from "./requests.ts";
import { answerParked, type Sessions } from "./sessions.ts";

/** SyncGroup: answers when the leader has divided the work. */
export async function sync(
  { groups, sessions }: CoordinatorContext,
  request: SyncRequest,
): Promise<SyncAnswer> {
  if (request.groupId === "") return refusedSync(GROUP_ERRORS.INVALID_GROUP_ID);
  const group = groups.getOrNew(request.groupId);
  const { member, errorCode } = checkGeneration(group, request);
  if (!member) return refusedSync(errorCode);
  if (request.signal?.aborted) return refusedSync(GROUP_ERRORS.COORDINATOR_NOT_AVAILABLE);
  if (group.state === "PreparingRebalance") {
    return refusedSync(GROUP_ERRORS.REBALANCE_IN_PROGRESS);
  }

  group.awaitedSyncs.delete(member.id);
  if (group.awaitedSyncs.size === 0) group.syncTimer.clear();
  if (group.state === "Stable") {
    sessions.renew(group, member);
    return synced(member);
  }

  answerParked(member, GROUP_ERRORS.REBALANCE_IN_PROGRESS);
  sessions.suspend(member);
  const parked = park<SyncAnswer>(request.signal, (waiting) => {
    member.parkedSync = undefined;
    waiting.answer(refusedSync(GROUP_ERRORS.REBALANCE_IN_PROGRESS));
    sessions.renew(group, member);
  });
  member.parkedSync = parked;
  if (group.leaderId === member.id) storeAssignments(group, request.assignments, sessions);
  return parked.promise;
}

/** A member that the leader left out gets nothing to do, rather than what it had before. */
function storeAssignments(
  group: Group,
  assignments: readonly MemberAssignment[],
  sessions: Sessions,
): void {
  const byMember = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  group.enter("Stable");
  for (const member of group.members.values()) {
    member.assignment = byMember.get(member.id) ?? NO_BYTES;
    const waiting = member.parkedSync;
    if (!waiting) continue;
    member.parkedSync = undefined;
    waiting.answer(synced(member));
    sessions.renew(group, member);
  }
}
