import { type GroupState, nextState } from "./group-state.ts";
import type { Member } from "./member.ts";
import { createTimerSlot, type TimerSlot, type Timers } from "./timers.ts";

/** A group's facts and the rules that keep them consistent; when things happen is not its matter. */
export class Group {
  readonly id: string;
  /** In order of arrival: the first one follows a leader that is gone. */
  readonly members = new Map<string, Member>();
  /** Ids that were given out and have not come back yet (KIP-394), with their expiry. */
  readonly pendingIds = new Map<string, TimerSlot>();
  /** Members of this generation that have not sent their sync yet. */
  readonly awaitedSyncs = new Set<string>();
  readonly joinTimer: TimerSlot;
  readonly syncTimer: TimerSlot;
  generationId = 0;
  leaderId: string | null = null;
  protocolType: string | null = null;
  protocolName: string | null = null;
  /** Set while the first members of an empty group wait for others. */
  initialDelay: { remainingMs: number; joinedMeanwhile: boolean } | undefined;
  #state: GroupState = "Empty";

  constructor(id: string, timers: Timers) {
    this.id = id;
    this.joinTimer = createTimerSlot(timers);
    this.syncTimer = createTimerSlot(timers);
  }

  get state(): GroupState {
    return this.#state;
  }

  enter(state: GroupState): void {
    this.#state = nextState(this.#state, state);
  }

  get rebalanceTimeoutMs(): number {
    return Math.max(0, ...[...this.members.values()].map((member) => member.rebalanceTimeoutMs));
  }

  get everyoneJoined(): boolean {
    return this.pendingIds.size === 0 && this.members.values().every((member) => member.parkedJoin);
  }

  staticMember(groupInstanceId: string): Member | undefined {
    return this.members.values().find((member) => member.groupInstanceId === groupInstanceId);
  }

  add(member: Member, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType;
    if (this.initialDelay) this.initialDelay.joinedMeanwhile = true;
    this.leaderId ??= member.id;
    this.members.set(member.id, member);
    this.forgetPendingId(member.id);
  }

  remove(member: Member): void {
    member.session.clear();
    this.members.delete(member.id);
    this.awaitedSyncs.delete(member.id);
    if (this.leaderId === member.id) this.leaderId = this.members.keys().next().value ?? null;
  }

  /** Lets `successor` take over the place, the assignment and the leadership of `member`. */
  replace(member: Member, successor: Member): void {
    successor.assignment = member.assignment;
    if (this.leaderId === member.id) this.leaderId = successor.id;
    if (this.awaitedSyncs.has(member.id)) this.awaitedSyncs.add(successor.id);
    this.members.set(successor.id, successor);
    this.remove(member);
  }

  /** Makes sure that the leader is a member that has joined; false if nobody has. */
  electLeader(): boolean {
    const leader = this.members.get(this.leaderId ?? "");
    const elected = leader?.parkedJoin
      ? leader
      : this.members.values().find((member) => member.parkedJoin);
    if (elected) this.leaderId = elected.id;
    return elected !== undefined;
  }

  forgetPendingId(memberId: string): boolean {
    this.pendingIds.get(memberId)?.clear();
    return this.pendingIds.delete(memberId);
  }
}
