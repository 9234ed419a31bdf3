import { GROUP_ERRORS } from "./error-codes.ts";
import { Group } from "./group.ts";
import { answerParked } from "./sessions.ts";
import type { Timers } from "./timers.ts";

/** The groups in memory. */
export interface GroupRegistry {
  get(groupId: string): Group | undefined;
  /** The group, or a fresh one that is not registered yet. */
  getOrNew(groupId: string): Group;
  /** Registers a group; false if there is no room for one more. */
  keep(group: Group): boolean;
  /** Forgets a group for good: parked requests are settled, timers stopped. */
  drop(group: Group): void;
  all(): readonly Group[];
}

/** Holds up to `maxGroups`; an Empty one makes way for a newcomer, as its offsets are elsewhere. */
export function createGroupRegistry(timers: Timers, maxGroups: number): GroupRegistry {
  const groups = new Map<string, Group>();

  function drop(group: Group): void {
    group.enter("Dead");
    groups.delete(group.id);
    group.joinTimer.clear();
    group.syncTimer.clear();
    for (const memberId of [...group.pendingIds.keys()]) group.forgetPendingId(memberId);
    for (const member of [...group.members.values()]) {
      group.remove(member);
      answerParked(member, GROUP_ERRORS.COORDINATOR_NOT_AVAILABLE, member.id);
    }
  }

  return {
    get: (groupId) => groups.get(groupId),
    getOrNew: (groupId) => groups.get(groupId) ?? new Group(groupId, timers),
    keep(group) {
      if (groups.has(group.id)) return true;
      if (groups.size >= maxGroups) {
        const idle = groups
          .values()
          .find(({ state, pendingIds }) => state === "Empty" && pendingIds.size === 0);
        if (!idle) return false;
        drop(idle);
      }
      groups.set(group.id, group);
      return true;
    },
    drop,
    all: () => [...groups.values()],
  };
}
