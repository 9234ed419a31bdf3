import { joined, refusedSync } from "./answers.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { Group } from "./group.ts";
import { chooseProtocol } from "./protocols.ts";
import { removeMember, type Sessions } from "./sessions.ts";

/** Takes groups from one generation to the next. */
export interface Rebalance {
  /** After a member has joined or is gone: starts a rebalance, or goes on with the running one. */
  afterChange(group: Group): void;
  /** Ends the joining if nobody is missing any more. */
  completeIfJoined(group: Group): void;
}

/** Rebalances whose first one of an empty group waits `initialDelayMs` for further members. */
export function createRebalance(sessions: Sessions, initialDelayMs: number): Rebalance {
  return { afterChange, completeIfJoined };

  function afterChange(group: Group): void {
    if (group.state === "PreparingRebalance") completeIfJoined(group);
    else prepare(group);
  }

  /** Has everyone join anew, whatever they were doing. */
  function prepare(group: Group): void {
    const isFirst = group.state === "Empty";
    const interrupted = group.state === "CompletingRebalance";
    group.syncTimer.clear();
    group.awaitedSyncs.clear();
    group.enter("PreparingRebalance");
    if (interrupted) interruptSyncs(group);
    if (isFirst) {
      const remainingMs = Math.max(group.rebalanceTimeoutMs - initialDelayMs, 0);
      group.initialDelay = { remainingMs, joinedMeanwhile: false };
      group.joinTimer.set(initialDelayMs, () => extendInitialDelay(group, initialDelayMs));
    } else {
      group.joinTimer.set(group.rebalanceTimeoutMs, () => complete(group));
      completeIfJoined(group);
    }
  }

  function interruptSyncs(group: Group): void {
    for (const member of group.members.values()) {
      const sync = member.parkedSync;
      if (!sync) continue;
      member.parkedSync = undefined;
      sync.answer(refusedSync(GROUP_ERRORS.REBALANCE_IN_PROGRESS));
      sessions.renew(group, member);
    }
  }

  function extendInitialDelay(group: Group, waitedMs: number): void {
    const delay = group.initialDelay;
    if (!delay?.joinedMeanwhile || delay.remainingMs === 0) {
      complete(group);
      return;
    }
    const delayMs = Math.min(initialDelayMs, delay.remainingMs);
    group.initialDelay = {
      remainingMs: Math.max(delay.remainingMs - waitedMs, 0),
      joinedMeanwhile: false,
    };
    group.joinTimer.set(delayMs, () => extendInitialDelay(group, delayMs));
  }

  function completeIfJoined(group: Group): void {
    const isJoining = group.state === "PreparingRebalance" && !group.initialDelay;
    if (isJoining && group.everyoneJoined) complete(group);
  }

  /** Dynamic members that have not come back are out; static ones stay until their session ends. */
  function complete(group: Group): void {
    group.joinTimer.clear();
    group.initialDelay = undefined;
    for (const member of [...group.members.values()]) {
      if (!member.parkedJoin && member.groupInstanceId === null) removeMember(group, member);
    }
    if (group.members.size > 0 && !group.electLeader()) {
      group.joinTimer.set(group.rebalanceTimeoutMs, () => complete(group));
      return;
    }
    group.generationId += 1;
    group.protocolName = chooseProtocol([...group.members.values()]);
    group.enter(group.members.size === 0 ? "Empty" : "CompletingRebalance");
    if (group.state === "CompletingRebalance") answerJoins(group);
  }

  function answerJoins(group: Group): void {
    for (const member of group.members.values()) {
      const join = member.parkedJoin;
      if (!join) continue;
      member.parkedJoin = undefined;
      member.isNew = false;
      group.awaitedSyncs.add(member.id);
      join.answer(joined(group, member));
      sessions.renew(group, member);
    }
    group.syncTimer.set(group.rebalanceTimeoutMs, () => expireSyncs(group));
  }

  /** Members that joined but never asked for their assignment would keep it from the others. */
  function expireSyncs(group: Group): void {
    for (const memberId of [...group.awaitedSyncs]) {
      const member = group.members.get(memberId);
      if (member) removeMember(group, member);
    }
    prepare(group);
  }
}
