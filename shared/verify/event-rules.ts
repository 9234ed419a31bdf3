import { databaseName, hasOutbox, SERVICES } from "@order-outbox/registry";
import {
  type Facts,
  FOR_EVER,
  IS_DISCARDED,
  IS_FOREIGN,
  KNOWN_TYPES,
  PUBLICATIONS,
  PUBLISHERS,
  prunedUntil,
  type Rule,
  select,
} from "./facts.ts";
import type { Finding } from "./report.ts";

/** Rows that were created, and records that were sent, later than this were not pruned. */
function pruning({ db }: Facts, schema: string): { pruned: string; prunedMs: number } {
  const pruned = prunedUntil(db, schema);
  return {
    pruned,
    prunedMs: pruned === FOR_EVER ? Number.MAX_SAFE_INTEGER : Date.parse(pruned) || 0,
  };
}

/** Every judged order has its event, unless its row was pruned after it had been published. */
export const ordersHaveEvents: Rule = (facts) =>
  select<{ id: string }>(
    facts,
    `SELECT o.id FROM orders.orders AS o
     WHERE o.createdAt <= $cutoff
       AND NOT EXISTS (SELECT 1 FROM orders.outbox AS b
         WHERE b.orderId = o.id AND b.eventType = 'ORDER_CREATED')
       AND NOT (o.createdAt <= $pruned
         AND coalesce((SELECT min(r.timestamp) FROM records AS r
           WHERE r.topic = 'order_created' AND r.key = o.id), 0) <= $prunedMs
         AND (EXISTS (SELECT 1 FROM payments.payments AS p WHERE p.orderId = o.id)
           OR EXISTS (SELECT 1 FROM records AS r WHERE r.topic = 'order_created' AND r.key = o.id)))`,
    { cutoff: facts.cutoff, ...pruning(facts, "orders") },
    ({ id }) => ({
      kind: "lost",
      rule: "no-order-event",
      subject: id,
      orderId: id,
      message: `order ${id} has no ORDER_CREATED event in the outbox of orders.db`,
    }),
  );

/** Every judged payment has its result event, of its own kind. */
export const paymentsHaveEvents: Rule = (facts) =>
  select<{ orderId: string; status: string }>(
    facts,
    `SELECT p.orderId, p.status FROM payments.payments AS p
     WHERE p.createdAt <= $cutoff
       AND NOT EXISTS (SELECT 1 FROM payments.outbox AS b
         WHERE b.orderId = p.orderId AND b.eventType = 'PAYMENT_' || p.status)
       AND NOT (p.createdAt <= $pruned
         AND coalesce((SELECT min(r.timestamp) FROM records AS r
           WHERE r.topic = 'payment_processed' AND r.key = p.orderId), 0) <= $prunedMs
         AND (EXISTS (SELECT 1 FROM orders.orders AS o
             WHERE o.id = p.orderId AND o.status <> 'PENDING')
           OR EXISTS (SELECT 1 FROM records AS r
             WHERE r.topic = 'payment_processed' AND r.key = p.orderId)))`,
    { cutoff: facts.cutoff, ...pruning(facts, "payments") },
    ({ orderId, status }) => ({
      kind: "lost",
      rule: "no-result-event",
      subject: orderId,
      orderId,
      message: `the payment of order ${orderId} has no PAYMENT_${status} event in the outbox of payments.db`,
    }),
  );

interface WaitingRow {
  id: number;
  orderId: string;
  eventType: string;
  createdAt: string;
  parkedAt: string | null;
  lastError: string | null;
}

/** No event waits in an outbox. */
export function* eventsArePublished(facts: Facts): Generator<Finding> {
  for (const schema of SERVICES.filter(hasOutbox).map(databaseName)) {
    yield* select<WaitingRow>(
      facts,
      `SELECT id, orderId, eventType, createdAt, parkedAt, lastError FROM ${schema}.outbox
       WHERE isPublished = 0 AND discardedAt IS NULL AND createdAt <= $cutoff`,
      { cutoff: facts.cutoff },
      ({ id, orderId, eventType, createdAt, parkedAt, lastError }) => ({
        kind: "stuck",
        rule: "unpublished",
        subject: `${schema}.db/${id}`,
        orderId,
        message: `${eventType} of order ${orderId} (outbox ${id} of ${schema}.db) is ${
          parkedAt === null
            ? `pending since ${createdAt}`
            : `parked since ${parkedAt}: ${lastError}`
        }`,
      }),
    );
  }
}

interface AbsentRow {
  id: number;
  eventId: string;
  orderId: string;
  eventType: string;
  outside: number;
  applied: number;
}

/**
 * Every event that is marked as published stands in its topic. Two reasons excuse it: the topic's
 * retention has removed what was published then; or every consumer shows its effect, so that it
 * was there and the topic was emptied since.
 *
 * @param onExcused called with each reason
 */
export function* publishedEventsAreThere(
  facts: Facts,
  onExcused: (reason: "retention" | "emptied") => void,
): Generator<Finding> {
  for (const { schema, topic, applied } of PUBLICATIONS) {
    yield* select<AbsentRow>(
      facts,
      `WITH counts AS (SELECT max(1, count(*)) AS partitions FROM partitions WHERE topic = $topic)
       SELECT b.id, b.eventId, b.orderId, b.eventType, ${applied} AS applied,
         EXISTS (SELECT 1 FROM partitions AS p, counts
           WHERE p.topic = b.topic AND p.partition = b.keyHash % counts.partitions AND p.low > 0
             AND (p.firstAt IS NULL OR b.publishedAt <= p.firstAt OR b.id < p.firstSequence)
         ) AS outside
       FROM ${schema}.outbox AS b
       WHERE b.isPublished = 1 AND b.publishedAt <= $cutoff AND b.topic = $topic
         AND NOT EXISTS (SELECT 1 FROM records AS r WHERE r.eventId = b.eventId)`,
      { topic, cutoff: facts.cutoff },
      ({ id, eventId, orderId, eventType, outside, applied: everywhere }) => {
        if (outside || everywhere) {
          onExcused(outside ? "retention" : "emptied");
          return undefined;
        }
        return {
          kind: "lost",
          rule: "absent",
          subject: eventId,
          orderId,
          message: `${eventType} of order ${orderId} (outbox ${id} of ${schema}.db) is marked as published, but is not in ${topic}`,
        };
      },
    );
  }
}

/** No order has two different events that tell the same. */
export function* eventsAreSingle(facts: Facts): Generator<Finding> {
  const toFinding = ({ topic, orderId, n }: { topic: string; orderId: string; n: number }) =>
    ({
      kind: "doubled",
      rule: "two-events",
      subject: `${topic}/${orderId}`,
      orderId,
      message: `order ${orderId} has ${n} different events in ${topic}, not one`,
    }) as const;
  for (const { schema, topic } of PUBLISHERS) {
    yield* select(
      facts,
      `SELECT $topic AS topic, orderId, count(*) AS n FROM ${schema}.outbox
       WHERE topic = $topic GROUP BY orderId HAVING n > 1`,
      { topic },
      toFinding,
    );
  }
  yield* select(
    facts,
    `${SUSPECTS} SELECT r.topic, r.key AS orderId, count(DISTINCT r.eventId) AS n
     FROM suspects JOIN records AS r USING (topic, key)
     WHERE r.eventId IS NOT NULL AND r.type IN (${KNOWN_TYPES}) AND NOT ${IS_FOREIGN}
     GROUP BY r.topic, r.key HAVING min(r.eventId) <> max(r.eventId)`,
    {},
    toFinding,
  );
}

/** The orders that have more than one event in a topic. */
const SUSPECTS = `WITH suspects AS (
  SELECT topic, key FROM records
  WHERE eventId IS NOT NULL AND key IS NOT NULL AND type IN (${KNOWN_TYPES})
  GROUP BY topic, key HAVING min(eventId) <> max(eventId))`;

/** No stranger wrote an event of an order that has its own, unless operators discarded it. */
export const eventsAreOurs: Rule = (facts) =>
  select<{ topic: string; partition: number; offset: number; orderId: string; eventId: string }>(
    facts,
    `${SUSPECTS} SELECT r.topic, r.partition, min(r."offset") AS "offset", r.key AS orderId,
       r.eventId
     FROM suspects JOIN records AS r USING (topic, key)
     WHERE r.eventId IS NOT NULL AND r.type IN (${KNOWN_TYPES}) AND ${IS_FOREIGN}
       AND NOT ${IS_DISCARDED}
       AND EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.id = r.key)
     GROUP BY r.topic, r.key, r.eventId`,
    {},
    ({ topic, partition, offset, orderId, eventId }) => ({
      kind: "unknown",
      rule: "foreign-event",
      subject: `${topic}/${eventId}`,
      orderId,
      message: `${topic}/${partition} offset ${offset} is an event of order ${orderId} that none of our services wrote: ${eventId}`,
    }),
  );
