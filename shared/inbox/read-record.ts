import { type AnyEvent, decodeEvent, peekIdentity } from "@order-outbox/contracts";
import { AppError, toAppError } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { AnyHandler, Handlers } from "./handler.ts";
import type { EventIdentity } from "./store.ts";

/** What a record turned out to be, before any work on it. */
export type Reading =
  | { kind: "event"; key: string; event: AnyEvent; handler: AnyHandler }
  | { kind: "skip"; key: string; type: string }
  | { kind: "malformed"; key: string; identity: EventIdentity; error: AppError };

/** Reads a record. The key orders it: what cannot be ordered gets a key of its own. */
export function readRecord(record: ConsumedRecord, handlers: Handlers): Reading {
  const alone = `${record.topic}/${record.partition}/${record.offset}`;
  if (record.excess !== undefined) {
    const error = new AppError("EVENT_TOO_LARGE", record.excess);
    return { kind: "malformed", key: alone, identity: UNKNOWN, error };
  }
  try {
    const decoded = decodeEvent(record);
    if (decoded.kind === "unknown") return { kind: "skip", key: alone, type: decoded.type };
    const { event } = decoded;
    const handler = handlers[event.type];
    if (handler === undefined) return { kind: "skip", key: alone, type: event.type };
    return { kind: "event", key: event.subject, event, handler };
  } catch (error) {
    return {
      kind: "malformed",
      key: alone,
      identity: identityOf(record),
      error: toAppError(error, "EVENT_MALFORMED"),
    };
  }
}

const UNKNOWN: EventIdentity = { eventId: null, eventType: null, eventKey: null };

/** What can be told of a record that is refused. It has no key, because no other event waits for it. */
function identityOf(record: ConsumedRecord): EventIdentity {
  const { id, type } = peekIdentity(record);
  return { eventId: id ?? null, eventType: type ?? null, eventKey: null };
}
