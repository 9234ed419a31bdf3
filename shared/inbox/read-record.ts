import { AppError, toAppError } from "@order-outbox/errors";
import { decodeEvent, type EventMap, type EventOf, peekIdentity } from "@order-outbox/events";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { AnyHandler, Handlers } from "./handler.ts";
import type { EventIdentity } from "./store.ts";

/** What a record turned out to be, before any work on it. */
export type Reading =
  | { kind: "event"; key: string; event: EventOf; handler: AnyHandler }
  /** `unknown`: no event of that type is known here; else there is no handler for it. */
  | { kind: "skip"; key: string; type: string; unknown: boolean }
  | { kind: "malformed"; key: string; identity: EventIdentity; error: AppError };

/** By what a consumer reads records. */
export interface ReadRules {
  /** Which types there are, how each is checked, and where it comes from. */
  events: EventMap;
  handlers: Handlers;
}

/** Reads a record. The key orders it: what cannot be ordered gets a key of its own. */
export function readRecord(record: ConsumedRecord, rules: ReadRules): Reading {
  const alone = `${record.topic}/${record.partition}/${record.offset}`;
  if (record.excess !== undefined) {
    const error = new AppError("EVENT_TOO_LARGE", record.excess);
    return { kind: "malformed", key: alone, identity: UNKNOWN, error };
  }
  try {
    const decoded = decodeEvent(rules.events, record);
    if (decoded.kind === "unknown") {
      return { kind: "skip", key: alone, type: decoded.type, unknown: true };
    }
    const { event } = decoded;
    if (!rules.events.isFromOrigin(event, record.topic)) {
      throw misplaced(rules.events, event, record.topic);
    }
    const handler = rules.handlers[event.type];
    if (handler === undefined) {
      return { kind: "skip", key: alone, type: event.type, unknown: false };
    }
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

const UNKNOWN: EventIdentity = {
  eventId: null,
  eventSource: null,
  eventType: null,
  eventKey: null,
};

/** What can be told of a record that is refused. It has no key, because no other event waits for it. */
function identityOf(record: ConsumedRecord): EventIdentity {
  const { id, source, type } = peekIdentity(record);
  return {
    eventId: id ?? null,
    eventSource: source ?? null,
    eventType: type ?? null,
    eventKey: null,
  };
}

function misplaced(events: EventMap, { type, source }: EventOf, topic: string): AppError {
  const origin = events.originOf(type);
  return new AppError(
    "EVENT_MISPLACED",
    `${type} comes from ${origin.source ?? "anybody"} on ${origin.topic}, not from ${source} on ${topic}`,
  );
}
