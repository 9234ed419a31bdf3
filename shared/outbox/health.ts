import type { OutboxStatus } from "./messages.ts";
import type { OutboxFacts } from "./store.ts";

/** What is known of an outbox when its health is judged. */
export interface OutboxSigns {
  facts: OutboxFacts;
  /** Undefined before the worker's first sign of life. */
  relay: OutboxStatus | undefined;
  /** Milliseconds since the worker's last sign of life. */
  silentFor: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The verdict on an outbox, with the facts it rests on. */
export interface OutboxHealth {
  ok: boolean;
  reason?: string;
  /** By the time of day, to show; nothing is decided by it, because clocks are set. */
  oldestPendingMs: number;
  parked: number;
  published: number;
  /** Attempts to publish in a row that ended without an answer. */
  failures: number;
  /** Whether another instance on the same database publishes. */
  standby: boolean;
  lastError: string | null;
  [fact: string]: unknown;
}

/** A worker that gave no sign of life for this long is taken for hung. */
const HEART_STOPPED_MS = 10_000;
/** A reachable broker that acknowledged nothing for this long, while rows wait, is no progress. */
const STALLED_MS = 30_000;

/**
 * Whether an outbox makes progress. A broker that is down is not the service's failure, because
 * orders are still accepted; a parked event is shown, and needs an operator, not a restart.
 */
export function judgeOutbox({ facts, relay, silentFor, now }: OutboxSigns): OutboxHealth {
  const { oldestPendingAt, parked } = facts;
  const oldestPendingMs =
    oldestPendingAt === null ? 0 : Math.max(0, now - Date.parse(oldestPendingAt));
  const stalledMs = Math.min(
    relay?.sinceAckMs ?? Number.POSITIVE_INFINITY,
    relay?.pendingForMs ?? 0,
    relay?.brokerForMs ?? 0,
  );
  const lastError = relay?.lastError ?? relay?.waiting ?? null;
  const reason =
    silentFor > HEART_STOPPED_MS
      ? `the outbox worker gave no sign of life for ${Math.round(silentFor / 1000)} s`
      : relay?.broker === "up" && oldestPendingAt !== null && stalledMs + silentFor > STALLED_MS
        ? `events wait although the broker answers: ${lastError ?? "nothing was acknowledged"}`
        : undefined;
  return {
    ok: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    oldestPendingMs,
    parked,
    published: relay?.published ?? 0,
    failures: relay?.failures ?? 0,
    standby: relay?.standby ?? false,
    lastError,
  };
}
