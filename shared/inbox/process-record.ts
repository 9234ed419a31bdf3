import { SQLiteError } from "bun:sqlite";
import { traceIdOf } from "@order-outbox/contracts";
import { isAppError, toAppError } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import { storageError } from "@order-outbox/sqlite";
import { type Arrival, decideArrival } from "./held-rules.ts";
import type { OffsetTracker } from "./offset-tracker.ts";
import type { Reading } from "./read-record.ts";
import { tellStep } from "./steps.ts";
import type { EventIdentity, Holding } from "./store.ts";
import { attemptEvent, commitForSure, holdingAfter, type WorkDeps } from "./work.ts";

/** Where a record comes from, and how far its partition is done. */
export interface RecordPlace {
  clusterId: string;
  record: ConsumedRecord;
  tracker: OffsetTracker;
}

/**
 * Works on one record to its end: applied, skipped or set aside, with the offset moved in the same
 * transaction. What is a database's own trouble (full, busy) is tried again until it passes.
 *
 * @returns what became of it: events of its key may be ready after `applied`, and a retry may be
 *   planned after `held`
 */
export async function processRecord(
  deps: WorkDeps,
  reading: Reading,
  { clusterId, record, tracker }: RecordPlace,
): Promise<"applied" | "held" | "done"> {
  const { store, queue, counters } = deps;

  /** Commits `unit` together with the partition's new offset. */
  async function commit<T>(unit: (at: string) => T, traceparent?: string): Promise<T> {
    try {
      const result = await queue.run(() => {
        const at = new Date(deps.now()).toISOString();
        const value = unit(at);
        tracker.finish(record.offset);
        try {
          store.advance(clusterId, record.topic, record.partition, tracker.watermark(), at);
        } catch (error) {
          tracker.reopen(record.offset);
          throw error;
        }
        return value;
      }, traceparent);
      tracker.settle(record.offset);
      return result;
    } catch (error) {
      tracker.reopen(record.offset);
      throw error;
    }
  }
  const commitSurely = <T>(unit: (at: string) => T, traceparent?: string) =>
    commitForSure(deps, () => commit(unit, traceparent));

  async function setAside(identity: EventIdentity, holding: Holding): Promise<void> {
    await commitSurely((at) => store.hold(clusterId, record, { ...identity, ...holding }, at));
    tellHolding(deps, record, identity, holding);
  }

  if (reading.kind === "skip") {
    await commitSurely(() => {});
    counters.skipped += 1;
    return "done";
  }
  if (reading.kind === "malformed") {
    await setAside(reading.identity, holdingAfter(deps, reading.error, 1));
    return "held";
  }

  const { event, handler } = reading;
  const identity = { eventId: event.id, eventType: event.type, eventKey: event.subject };
  tellStep("received", event);
  const known = await commitForSure(deps, async () => readSafely(() => store.hasApplied(event.id)));
  if (known) {
    const work = deps.follow?.({ event, record, attempt: 1, repeated: true });
    await commitSurely(() => {});
    work?.end("duplicate");
    counters.duplicates += 1;
    return "done";
  }
  let arrival: Arrival;
  try {
    arrival = await commitForSure(deps, async () =>
      readSafely(() => {
        const ready = handler.isReady?.(event as never) ?? true;
        return decideArrival(store.heldStates(event.subject), ready);
      }),
    );
  } catch (thrown) {
    if (isAppError(thrown, "SHUTTING_DOWN")) throw thrown;
    await setAside(identity, holdingAfter(deps, toAppError(thrown, "HANDLER_FAILED"), 1));
    return "held";
  }
  if (arrival !== "RUN") {
    await setAside(identity, { state: arrival, ...REASONS[arrival], attempts: 0 });
    return "held";
  }
  const attempt = await attemptEvent(deps, event, handler, record, commitSurely);
  if (attempt.kind === "applied") return "applied";
  if (attempt.kind === "duplicate") return "done";
  await setAside(identity, holdingAfter(deps, attempt.error, 1));
  return "held";
}

/** Reads outside a transaction; trouble of the database is waited out like that of a commit. */
function readSafely<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SQLiteError ? storageError(error, "cannot read the inbox") : error;
  }
}

const REASONS = {
  BEHIND: {
    errorCode: "HELD_BEHIND",
    lastError: "an earlier event of its key is held",
    nextAttemptAt: null,
  },
  WAITING: {
    errorCode: "HELD_WAITING",
    lastError: "its predecessor has not come yet",
    nextAttemptAt: null,
  },
} as const;

/** Says in the log that an event is set aside, as loud as its state deserves. */
export function tellHolding(
  { log, counters }: WorkDeps,
  { topic, partition, offset, headers }: ConsumedRecord,
  { eventId, eventType, eventKey: orderId }: EventIdentity,
  { state, errorCode: code, lastError, attempts, nextAttemptAt }: Holding,
): void {
  const traceId = traceIdOf(headers.traceparent);
  const fields = { topic, partition, offset, eventId, eventType, orderId, traceId, code };
  switch (state) {
    case "PARKED":
      counters.parked += 1;
      log.error({ ...fields, attempts }, `event parked: ${lastError}`);
      break;
    case "RETRYING":
      counters.retries += 1;
      log.warn({ ...fields, attempts, nextAttemptAt }, `event is tried again: ${lastError}`);
      break;
    default:
      log.info(fields, `event set aside: ${lastError}`);
  }
}
