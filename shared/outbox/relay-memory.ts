import { type ErrorCode, toAppError } from "@order-outbox/errors";
import { backoffDelay } from "./backoff.ts";
import { brokerStateAfter } from "./broker-state.ts";
import type { RelayDeps, RelaySettings, RelayStatus } from "./relay-types.ts";

/** What a relay remembers of how publishing went, and tells of it. */
export interface RelayMemory {
  /** Changed by whoever counts refusals and publications; see {@link RelayMemory.statusNow}. */
  readonly status: RelayStatus;
  /** Whether this worker publishes from now on. */
  noteLease(held: boolean): void;
  noteBroker(state: RelayStatus["broker"]): void;
  /** @param at of the relay's monotonic clock */
  noteAcknowledged(at: number): void;
  /** An attempt came to its end: what failed before is over. */
  noteSuccess(): void;
  /**
   * An attempt failed; it is told when it is the first, or fails for another reason than before.
   *
   * @returns milliseconds until the next one
   */
  noteFailure(error: unknown): number;
  /** @param waiting why partitions wait although the broker answers */
  statusNow(waiting: string | null): RelayStatus;
}

/** Creates the memory of a relay that has done nothing yet. */
export function createRelayMemory(
  { log, monotonic, random }: Pick<RelayDeps, "log" | "monotonic" | "random">,
  { backoff }: Pick<RelaySettings, "backoff">,
): RelayMemory {
  const status: RelayStatus = {
    standby: false,
    holdsLease: false,
    broker: "unknown",
    brokerForMs: 0,
    published: 0,
    sinceAckMs: null,
    failures: 0,
    failedAttempts: 0,
    refusals: 0,
    parked: 0,
    lastError: null,
    waiting: null,
  };
  let acknowledgedAt: number | undefined;
  let changedAt = monotonic();
  let lastCode: ErrorCode | undefined;

  function noteBroker(state: RelayStatus["broker"]): void {
    if (state !== status.broker) changedAt = monotonic();
    status.broker = state;
  }

  return {
    status,
    noteBroker,
    noteLease(held) {
      if (held && status.standby) log.info({}, "publishing from this outbox now");
      if (!held && !status.standby) log.info({}, "another worker publishes from this outbox");
      status.standby = !held;
      status.holdsLease = held;
    },
    noteAcknowledged(at) {
      acknowledgedAt = at;
    },
    noteSuccess() {
      if (status.failures > 0) log.info({ failures: status.failures }, "publishing again");
      status.failures = 0;
      status.lastError = null;
    },
    noteFailure(thrown) {
      const { code, message } = toAppError(thrown);
      noteBroker(brokerStateAfter(code) ?? status.broker);
      if (status.failures === 0 || code !== lastCode) {
        log.warn({ code }, `not publishing, events wait in the outbox: ${message}`);
      }
      lastCode = code;
      status.failures += 1;
      status.failedAttempts += 1;
      status.lastError = message;
      return backoffDelay(status.failures, backoff, random());
    },
    statusNow(waiting) {
      const at = monotonic();
      const sinceAckMs = acknowledgedAt === undefined ? null : at - acknowledgedAt;
      return { ...status, sinceAckMs, brokerForMs: at - changedAt, waiting };
    },
  };
}
