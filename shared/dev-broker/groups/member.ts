import type { Parked } from "./parked.ts";
import { NO_BYTES } from "./protocols.ts";
import type { JoinAnswer, JoinRequest, Protocol, SyncAnswer } from "./requests.ts";
import { createTimerSlot, type TimerSlot, type Timers } from "./timers.ts";

/** A member of a group as the coordinator knows it. */
export interface Member {
  readonly id: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly Protocol[];
  assignment: Uint8Array;
  /** True until its first join is answered: before that it cannot send heartbeats. */
  isNew: boolean;
  parkedJoin: Parked<JoinAnswer> | undefined;
  parkedSync: Parked<SyncAnswer> | undefined;
  readonly session: TimerSlot;
}

/** The member that `request` makes, under `id`. */
export function createMember(request: JoinRequest, id: string, timers: Timers): Member {
  return {
    id,
    groupInstanceId: request.groupInstanceId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    ...settingsOf(request),
    assignment: NO_BYTES,
    isNew: true,
    parkedJoin: undefined,
    parkedSync: undefined,
    session: createTimerSlot(timers),
  };
}

/** What a member may say anew each time it joins. */
export function settingsOf(
  request: JoinRequest,
): Pick<Member, "sessionTimeoutMs" | "rebalanceTimeoutMs" | "protocols"> {
  return {
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs:
      request.rebalanceTimeoutMs > 0 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
    protocols: request.protocols,
  };
}
