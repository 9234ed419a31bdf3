import type { InboxStatus } from "./start-inbox.ts";

/** The verdict on an inbox, with the facts it rests on. */
export interface InboxHealth {
  ok: boolean;
  reason?: string;
  consumer: string;
  /** Why it does not consume; shown also when that is no failure of the service. */
  lastError: string | null;
  lag: number;
  inFlight: number;
  parked: number;
  [fact: string]: unknown;
}

/** Records that wait this long without any of them being finished are no progress. */
const STALLED_MS = 30_000;

/**
 * Whether an inbox makes progress. A broker that is down is not the service's failure; a partition
 * that stopped, a group that works for another database, and lag that does not move are.
 */
export function judgeInbox(status: InboxStatus): InboxHealth {
  const { consumer, lag, ownLag, inFlight, held } = status;
  const stalled = ownLag > 0 && (status.sinceProgressMs ?? 0) > STALLED_MS;
  const reason =
    consumer.state === "refused"
      ? consumer.reason
      : consumer.stopped.length > 0
        ? `stopped: ${consumer.stopped
            .map((one) => `${one.topic}/${one.partition} at ${one.offset}: ${one.reason}`)
            .join(", ")}`
        : stalled && consumer.state === "joined"
          ? `${ownLag} records wait and none was finished for ${STALLED_MS / 1000} s`
          : undefined;
  return {
    ok: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    consumer: consumer.state,
    lastError: consumer.reason ?? null,
    lag,
    inFlight,
    parked: held.PARKED ?? 0,
    held,
  };
}
