import { type AnyEvent, decodeEvent, peekIdentity } from "@order-outbox/contracts";
import { type AppError, errorCodeOf, toAppError } from "@order-outbox/errors";
import type { ConsumedRecord, Log } from "@order-outbox/kafka";
import type { CommitQueue } from "@order-outbox/sqlite";
import type { AnyHandler, Handlers } from "./handler.ts";
import type { OffsetTracker } from "./offset-tracker.ts";
import { tellStep } from "./steps.ts";
import type { HeldEvent, InboxStore } from "./store.ts";

/** What a record turned out to be, before any work on it. */
export type Reading =
  | { kind: "event"; key: string; event: AnyEvent; handler: AnyHandler }
  | { kind: "skip"; key: string; type: string }
  | { kind: "malformed"; key: string; identity: Identity; error: AppError };

type Identity = Pick<HeldEvent, "eventId" | "eventType" | "eventKey">;

/** Counters since the start, for health and metrics. */
export interface InboxCounters {
  processed: number;
  duplicates: number;
  skipped: number;
  parked: number;
}

/** What the work on a record needs. */
export interface ProcessDeps {
  store: InboxStore;
  queue: CommitQueue;
  handlers: Handlers;
  log: Log;
  now(): number;
  /** Waits before another attempt; rejects when the consumer stops. */
  pause(attempt: number): Promise<void>;
  /** How often a retryable failure of a handler is tried in all, before the event is parked. */
  attempts: number;
  counters: InboxCounters;
}

/** Reads a record. The key orders it: what cannot be ordered gets a key of its own. */
export function readRecord(record: ConsumedRecord, handlers: Handlers): Reading {
  const alone = `${record.topic}/${record.partition}/${record.offset}`;
  try {
    const decoded = decodeEvent(record);
    if (decoded.kind === "unknown") return { kind: "skip", key: alone, type: decoded.type };
    const { event } = decoded;
    const handler = handlers[event.type];
    if (handler === undefined) return { kind: "skip", key: alone, type: event.type };
    return { kind: "event", key: event.subject, event, handler };
  } catch (error) {
    const identity = identityOf(record);
    return {
      kind: "malformed",
      key: identity.eventKey ?? alone,
      identity,
      error: toAppError(error, "EVENT_MALFORMED"),
    };
  }
}

/** What can be told of a malformed record; no other event waits for one that has no id. */
function identityOf(record: ConsumedRecord): Identity {
  const { id, key, type } = peekIdentity(record);
  return {
    eventId: id ?? null,
    eventType: type ?? null,
    eventKey: id === undefined ? null : (key ?? null),
  };
}

/**
 * Works on one record to its end: applied, skipped or set aside, with the offset moved in the same
 * transaction. What is a database's own trouble (full, busy) is tried again until it passes.
 */
export async function processRecord(
  deps: ProcessDeps,
  reading: Reading,
  clusterId: string,
  record: ConsumedRecord,
  tracker: OffsetTracker,
): Promise<void> {
  const { store, queue, counters, log } = deps;

  /** Commits `effect` together with the partition's new offset. */
  async function commit<T>(effect: (at: string) => T): Promise<T> {
    try {
      const result = await queue.run(() => {
        const at = new Date(deps.now()).toISOString();
        const value = effect(at);
        tracker.finish(record.offset);
        try {
          store.advance(clusterId, record.topic, record.partition, tracker.watermark(), at);
        } catch (error) {
          tracker.reopen(record.offset);
          throw error;
        }
        return value;
      });
      tracker.settle(record.offset);
      return result;
    } catch (error) {
      tracker.reopen(record.offset);
      throw error;
    }
  }

  /** Commits through every trouble that is not the event's. */
  async function commitForSure<T>(effect: (at: string) => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await commit(effect);
      } catch (error) {
        if (!isStorageTrouble(error)) throw error;
        if (attempt === 1) log.warn({ code: errorCodeOf(error) }, "cannot commit; trying again");
        await deps.pause(attempt);
      }
    }
  }

  async function setAside(held: Omit<HeldEvent, "attempts">, attempts: number): Promise<void> {
    await commitForSure((at) => store.hold(clusterId, record, { ...held, attempts }, at));
    counters.parked += 1;
    const { topic, partition, offset } = record;
    const { eventId, eventType, eventKey: orderId, errorCode: code } = held;
    const place = { topic, partition, offset };
    const words = held.state === "BEHIND" ? "event waits behind its key" : "event parked";
    log.error({ ...place, eventId, eventType, orderId, code }, `${words}: ${held.lastError}`);
  }

  if (reading.kind === "skip") {
    await commitForSure(() => {});
    counters.skipped += 1;
    return;
  }
  if (reading.kind === "malformed") {
    const { identity, error } = reading;
    const { code, message } = error;
    await setAside({ state: "PARKED", ...identity, errorCode: code, lastError: message }, 1);
    return;
  }

  const { event, handler } = reading;
  const identity = { eventId: event.id, eventType: event.type, eventKey: event.subject };
  tellStep("received", event);
  if (store.hasApplied(event.id)) {
    await commitForSure(() => {});
    counters.duplicates += 1;
    return;
  }
  if (store.isHeld(event.subject)) {
    const lastError = "an earlier event of this order is held";
    await setAside({ state: "BEHIND", ...identity, errorCode: "HANDLER_FAILED", lastError }, 0);
    return;
  }
  for (let attempt = 1, failures = 0; ; attempt++) {
    try {
      const prepared = await handler.prepare?.(event as never);
      tellStep("prepared", event);
      const fresh = await commitForSure((at) => {
        if (!store.recordApplied(event.id, event.type, record, at)) return false;
        handler.apply(event as never, prepared as never);
        tellStep("inside", event);
        return true;
      });
      tellStep("committed", event);
      counters[fresh ? "processed" : "duplicates"] += 1;
      return;
    } catch (thrown) {
      const error = toAppError(thrown, "HANDLER_FAILED");
      const { code, message, retryable } = error;
      if (code === "SHUTTING_DOWN") throw error;
      const trouble = isStorageTrouble(error);
      if (!trouble) failures += 1;
      else if (attempt === 1) log.warn({ code, eventId: event.id }, "cannot prepare; trying again");
      if (trouble || (retryable && failures < deps.attempts)) {
        await deps.pause(attempt);
        continue;
      }
      const held = { state: "PARKED", ...identity, errorCode: code, lastError: message } as const;
      await setAside(held, failures);
      return;
    }
  }
}

const isStorageTrouble = (error: unknown): boolean =>
  ["STORAGE_FULL", "STORAGE_FAILED", "OVERLOADED"].includes(errorCodeOf(error));
