import type { Database } from "bun:sqlite";
import { type AnyEvent, EVENTS } from "@order-outbox/contracts";
import { decodeEvent } from "@order-outbox/events";
import { type ConsumedBatch, keyHash } from "@order-outbox/kafka";
import { prepareAudit } from "@order-outbox/operator";
import { writeAtOnce } from "@order-outbox/tool-kit";

/** An order that its topic knows, with the event that told it. */
export interface PublishedOrder {
  event: Extract<AnyEvent, { type: "ORDER_CREATED" }>;
  /** The event's data, as it was written. */
  payload: string;
  topic: string;
  /** ISO 8601. */
  publishedAt: string;
}

const STEP_ROWS = 200;

/** The orders in a batch; what is no readable ORDER_CREATED is left to `verify`. */
export function ordersIn({ topic, records }: ConsumedBatch): PublishedOrder[] {
  return records.flatMap((record) => {
    const { value, timestamp } = record;
    const decoded = attempt(() => decodeEvent(EVENTS, record));
    if (decoded?.kind !== "event" || decoded.event.type !== "ORDER_CREATED") return [];
    if (!EVENTS.isFromOrigin(decoded.event, topic)) return [];
    const publishedAt = new Date(timestamp).toISOString();
    return [{ event: decoded.event, payload: value?.toString() ?? "", topic, publishedAt }];
  });
}

/**
 * Puts orders back that are not stored, each with its event, which counts as published: PENDING, as
 * they were when they were accepted, in the order of their numbers. An event gets its old number
 * back unless that was given again.
 *
 * @returns how many of them have their old number
 */
export function insertOrders(
  db: Database,
  orders: readonly PublishedOrder[],
  { at, reason }: { at: string; reason: string },
): number {
  const addOrder = db.prepare<unknown, [string, string, number, string, string]>(
    `INSERT INTO orders (id, customerId, amount, status, createdAt, updatedAt)
     VALUES (?, ?, ?, 'PENDING', ?, ?) ON CONFLICT DO NOTHING`,
  );
  const isTaken = db.prepare<{ id: number }, [number]>("SELECT id FROM outbox WHERE id = ?");
  const addEvent = db.prepare(
    `INSERT INTO outbox (id, eventType, orderId, payload, isPublished, createdAt, publishedAt,
       eventId, topic, partitionKey, keyHash, traceparent)
     VALUES ($id, $type, $subject, $payload, 1, $time, $publishedAt, $eventId, $topic, $subject,
       $keyHash, $traceparent) ON CONFLICT (eventId) DO NOTHING`,
  );
  let renewed = 0;

  function insert({ event, payload, topic, publishedAt }: PublishedOrder): void {
    const { id: eventId, type, subject, time, sequence, traceparent, data } = event;
    if (addOrder.run(subject, data.customerId, data.amount, time, time).changes === 0) return;
    const id = sequence !== undefined && isTaken.get(sequence) === null ? sequence : null;
    if (id !== null) renewed += 1;
    addEvent.run({
      id,
      eventId,
      type,
      subject,
      time,
      payload,
      topic,
      publishedAt,
      keyHash: keyHash(subject),
      traceparent: traceparent ?? null,
    });
  }

  const sorted = orders.toSorted((a, b) => (a.event.sequence ?? 0) - (b.event.sequence ?? 0));
  for (let from = 0; from < sorted.length; from += STEP_ROWS) {
    const step = sorted.slice(from, from + STEP_ROWS);
    writeAtOnce(db, () => {
      const before = renewed;
      for (const order of step) insert(order);
      // What a restore has left out counts as rows that are gone until they are back.
      const target = { orders: step.length, skippedOutboxIds: before - renewed };
      prepareAudit(db)({ at, action: "RECOVER_ORDERS", target, reason });
    });
  }
  return renewed;
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
