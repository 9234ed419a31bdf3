import { refusedJoin, refusedSync } from "./answers.ts";
import { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { Member } from "./member.ts";

/** Keeps track of which members are alive. */
export interface Sessions {
  /** Counts `member` as alive from now for its session timeout; a parked one is alive anyway. */
  renew(group: Group, member: Member): void;
  /** Stops the clock of a member that is about to be parked; a new one keeps its limit. */
  suspend(member: Member): void;
  /** Gives a new member that is parked by its first join `timeoutMs` to get an answer. */
  limitFirstJoin(group: Group, member: Member, timeoutMs: number): void;
}

/** Sessions that call `onRemoved` after they have removed a member that did not renew in time. */
export function createSessions(onRemoved: (group: Group) => void): Sessions {
  const expire = (group: Group, member: Member) => {
    removeMember(group, member);
    onRemoved(group);
  };
  return {
    renew(group, member) {
      if (member.parkedJoin || member.parkedSync) return;
      member.session.set(member.sessionTimeoutMs, () => expire(group, member));
    },
    suspend(member) {
      if (!member.isNew) member.session.clear();
    },
    limitFirstJoin(group, member, timeoutMs) {
      member.session.set(timeoutMs, () => expire(group, member));
    },
  };
}

/** Takes `member` out of `group` and tells its parked requests that it is unknown now. */
export function removeMember(group: Group, member: Member): void {
  group.remove(member);
  answerParked(member, GROUP_ERRORS.UNKNOWN_MEMBER_ID);
}

/** Answers whatever `member` has parked with `errorCode`. */
export function answerParked(member: Member, errorCode: GroupErrorCode, memberId = ""): void {
  const { parkedJoin, parkedSync } = member;
  member.parkedJoin = undefined;
  member.parkedSync = undefined;
  parkedJoin?.answer(refusedJoin(errorCode, memberId));
  parkedSync?.answer(refusedSync(errorCode));
}
