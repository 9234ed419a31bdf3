import { keyHash } from "@order-outbox/kafka";
import type { Database } from "@order-outbox/sqlite";

/** An event to publish, as the transaction that causes it knows it. */
export interface OutboxEvent {
  /** Made once; the same on every publication of this event. */
  eventId: string;
  eventType: string;
  topic: string;
  orderId: string;
  /** Events of one key are published, and take effect, in the order of their commits. */
  partitionKey: string;
  /** Any JSON value. */
  data: unknown;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** W3C trace context of the cause. */
  traceparent?: string;
}

/**
 * Prepares the one statement that puts an event into the outbox of `db`. Call the result inside
 * the transaction that makes the event true, so that both are committed or neither is.
 */
export function prepareAppend(db: Database): (event: OutboxEvent) => void {
  const insert = db.prepare<
    unknown,
    [string, string, string, string, string, string, string, number, string | null]
  >(
    `INSERT INTO outbox
       (eventType, orderId, payload, createdAt, eventId, topic, partitionKey, keyHash, traceparent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (event) => {
    insert.run(
      event.eventType,
      event.orderId,
      JSON.stringify(event.data),
      event.createdAt,
      event.eventId,
      event.topic,
      event.partitionKey,
      keyHash(event.partitionKey),
      event.traceparent ?? null,
    );
  };
}
