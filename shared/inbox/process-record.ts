import { isAppError, toAppError } from "@order-outbox/errors";
import type { EventOf } from "@order-outbox/events";
import { traceIdOf } from "@order-outbox/events";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { Effect } from "@order-outbox/units";
import { attemptEvent } from "./attempt-event.ts";
import { tellCrashPoint } from "./crash-points.ts";
import { holdEvent } from "./effects.ts";
import type { AnyHandler } from "./handler.ts";
import { type Arrival, decideArrival } from "./held-rules.ts";
import { holdingAfter, standsAlone } from "./holding.ts";
import type { Reading } from "./read-record.ts";
import type { RecordPlace } from "./record-commits.ts";
import type { EventIdentity, Holding, InboxStore, KnownOfEvent } from "./store.ts";
import { waitOutTrouble } from "./wait-out-trouble.ts";
import type { WorkDeps } from "./work-deps.ts";

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
  place: RecordPlace,
): Promise<"applied" | "held" | "done"> {
  const { store, commits, counters } = deps;
  const { clusterId, record } = place;

  /** Commits effects together with the partition's new offset. */
  const commit = (effects: readonly Effect[], traceparent?: string) =>
    waitOutTrouble(deps, () => commits.commit(place, effects, traceparent));

  async function setAside(
    identity: EventIdentity,
    holding: Holding,
    effects: readonly Effect[] = [],
  ): Promise<"held"> {
    const held = { ...identity, ...holding, ...(standsAlone(holding) && { eventKey: null }) };
    const at = new Date(deps.now()).toISOString();
    const { consumer } = store;
    await commit([...effects, holdEvent({ consumer, clusterId, record, held, at })]);
    tellHolding(deps, record, identity, holding);
    return "held";
  }

  if (reading.kind === "skip") {
    await commit([]);
    counters.skipped += 1;
    if (reading.unknown) deps.noteUnknown(reading.type);
    return "done";
  }
  if (reading.kind === "malformed") {
    return setAside(reading.identity, holdingAfter(deps, reading.error, 1));
  }

  const { event, handler } = reading;
  const identity: EventIdentity = {
    eventId: event.id,
    eventSource: event.source,
    eventType: event.type,
    eventKey: event.subject,
  };
  tellCrashPoint("received", event);
  let arrival: Judged;
  try {
    const judging = waitOutTrouble(deps, () => judgeArrival(store, event, handler));
    arrival = judging instanceof Promise ? await judging : judging;
  } catch (thrown) {
    if (isAppError(thrown, "SHUTTING_DOWN")) throw thrown;
    return setAside(identity, holdingAfter(deps, toAppError(thrown, "HANDLER_FAILED"), 1));
  }
  if (arrival === "KNOWN") {
    const work = deps.follow?.({ event, record, attempt: 1, repeated: true });
    await commit([]);
    work?.end("duplicate");
    counters.duplicates += 1;
    return "done";
  }
  if (arrival !== "RUN") {
    return setAside(identity, { state: arrival, ...REASONS[arrival], attempts: 0 });
  }
  const attempt = await attemptEvent(deps, { event, record, handler, commit });
  if (attempt.kind === "applied") return "applied";
  if (attempt.kind === "duplicate") return "done";
  return setAside(identity, holdingAfter(deps, attempt.error, 1), attempt.effects);
}

type Judged = Arrival | "KNOWN";

/** Looks at what the database knows of an event that arrives, outside a transaction. */
function judgeArrival(
  store: InboxStore,
  event: EventOf,
  handler: AnyHandler,
): Judged | Promise<Judged> {
  const judge = ({ applied, held }: KnownOfEvent): Judged | Promise<Judged> => {
    if (applied) return "KNOWN";
    const ready = handler.isReady?.(event as never) ?? true;
    if (typeof ready === "boolean") return decideArrival(held, ready);
    return Promise.resolve(ready).then((known) => decideArrival(held, known));
  };
  const known = store.lookUp(event, event.subject);
  return known instanceof Promise ? known.then(judge) : judge(known);
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
  { eventId, eventType, eventKey: subject }: EventIdentity,
  { state, errorCode: code, lastError, attempts, nextAttemptAt }: Holding,
): void {
  const traceId = traceIdOf(headers.traceparent);
  const fields = { topic, partition, offset, eventId, eventType, subject, traceId, code };
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
