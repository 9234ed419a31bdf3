import {
  assertEventData,
  EVENTS,
  type EventData,
  type EventType,
  isEventType,
} from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { keyHash } from "@order-outbox/kafka";
import type { Database } from "@order-outbox/sqlite";

/** An event of type `T` to publish, as the transaction that causes it knows it. */
export interface OutboxEventOf<T extends EventType> {
  /** Made once; the same on every publication of this event. */
  eventId: string;
  eventType: T;
  /** Its order is the key: events of one order are published, and take effect, as they committed. */
  data: EventData<T>;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** W3C trace context of the cause. */
  traceparent?: string;
}

/** An event to publish, of any type of the event map. */
export type OutboxEvent = { [T in EventType]: OutboxEventOf<T> }[EventType];

/** What is in a row of the outbox that waits to be published. */
export interface NewRow {
  eventId: string;
  eventType: string;
  topic: string;
  orderId: string;
  partitionKey: string;
  /** JSON. */
  payload: string;
  createdAt: string;
  traceparent?: string;
}

/** How many characters an event's JSON may have: readers take over no larger record. */
export const MAX_PAYLOAD = 40_000;

/**
 * Prepares the one statement that puts an event into the outbox of `db`. Call the result inside
 * the transaction that makes the event true, so that both are committed or neither is. Topic and key
 * follow from the event.
 *
 * The result throws `EVENT_MALFORMED` when the event is none of the event map or its data breaks its
 * schema, and `EVENT_TOO_LARGE`: a fault of the caller, which no reader has to meet.
 */
export function prepareAppend(db: Database): (event: OutboxEvent) => void {
  const insert = prepareInsert(db);
  return ({ eventType, data, ...event }) => {
    if (!isEventType(eventType)) {
      throw new AppError("EVENT_MALFORMED", `the event map has no ${String(eventType)}`);
    }
    assertEventData(eventType, data);
    const payload = JSON.stringify(data);
    if (payload.length > MAX_PAYLOAD) {
      throw new AppError("EVENT_TOO_LARGE", `the data of ${eventType} has ${payload.length} chars`);
    }
    const { orderId } = data;
    const { topic } = EVENTS[eventType];
    insert({ ...event, eventType, topic, orderId, partitionKey: orderId, payload });
  };
}

/** Prepares the insertion of a row as it is, which {@link prepareAppend} makes of an event. */
export function prepareInsert(db: Database): (row: NewRow) => void {
  const insert = db.prepare<
    unknown,
    [string, string, string, string, string, string, string, number, string | null]
  >(
    `INSERT INTO outbox
       (eventType, orderId, payload, createdAt, eventId, topic, partitionKey, keyHash, traceparent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (row) => {
    insert.run(
      row.eventType,
      row.orderId,
      row.payload,
      row.createdAt,
      row.eventId,
      row.topic,
      row.partitionKey,
      keyHash(row.partitionKey),
      row.traceparent ?? null,
    );
  };
}
