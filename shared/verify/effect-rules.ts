import { databaseName, SERVICES, type Service } from "@order-outbox/registry";
import { createExplainer } from "./explain.ts";
import { type Facts, IS_DISCARDED, KNOWN_TYPES, type Rule, select } from "./facts.ts";
import { heldFinding } from "./held.ts";
import type { Finding } from "./report.ts";

const DAY_MS = 86_400_000;

/** Every judged event has its effect in the database of each consumer. */
export function* eventsTakeEffect(facts: Facts): Generator<Finding> {
  const explain = createExplainer(facts);
  const parameters = { cutoff: facts.cutoff };
  yield* select<{ id: string }>(
    facts,
    `SELECT o.id FROM orders.orders AS o WHERE o.createdAt <= $cutoff
       AND NOT EXISTS (SELECT 1 FROM payments.payments AS p WHERE p.orderId = o.id)`,
    parameters,
    ({ id }) => explain("payments", "ORDER_CREATED", id, "there is no payment"),
  );
  yield* select<{ id: string; created: number }>(
    facts,
    `SELECT o.id, coalesce(t.created, 0) AS created
     FROM orders.orders AS o LEFT JOIN told AS t ON t.orderId = o.id
     WHERE o.createdAt <= $cutoff AND coalesce(t.created, 0) < 3`,
    parameters,
    ({ id, created }) =>
      explain("notifications", "ORDER_CREATED", id, `there are ${created} of 3 notifications`),
  );
  yield* select<{ orderId: string }>(
    facts,
    `SELECT p.orderId FROM payments.payments AS p JOIN orders.orders AS o ON o.id = p.orderId
     WHERE p.createdAt <= $cutoff AND o.status = 'PENDING'`,
    parameters,
    ({ orderId }) => explain("orders", "PAYMENT", orderId, "the order is PENDING"),
  );
  yield* select<{ orderId: string; results: number }>(
    facts,
    `SELECT p.orderId, coalesce(t.results, 0) AS results
     FROM payments.payments AS p LEFT JOIN told AS t ON t.orderId = p.orderId
     WHERE p.createdAt <= $cutoff AND coalesce(t.results, 0) < 3`,
    parameters,
    ({ orderId, results }) =>
      explain("notifications", "PAYMENT", orderId, `there are ${results} of 3 notifications`),
  );
}

/** No consumer has set an event aside. */
export function* nothingIsHeld(facts: Facts): Generator<Finding> {
  for (const schema of SERVICES.map(databaseName)) {
    yield* select<Parameters<typeof heldFinding>[1]>(
      facts,
      `SELECT id, state, topic, partition, "offset", eventType, eventKey, heldAt, errorCode,
         lastError
       FROM ${schema}.held_events WHERE heldAt <= $cutoff ORDER BY id`,
      { cutoff: facts.cutoff },
      (row) => heldFinding(schema, row),
    );
  }
}

interface Forgotten {
  topic: string;
  partition: number;
  offset: number;
  eventId: string;
  key: string;
  consumer: string;
}

/** A service reads as its own group; another consumer of its database is named. */
const readerOf = (service: Service, consumer: string): string =>
  consumer === service.name
    ? `${databaseName(service)}.db`
    : `${consumer} of ${databaseName(service)}.db`;

/**
 * What a consumer has read is in its inbox or held. Where the effect is missing, too, the event is
 * lost, which another rule tells; else a repetition would take effect again. Older records are not
 * judged: an inbox may forget what its topics should have removed a day before.
 */
export function* readEventsAreRemembered(facts: Facts): Generator<Finding> {
  for (const service of SERVICES) {
    const schema = databaseName(service);
    const topics = service.consumes.map((topic) => `'${topic}'`).join(", ");
    yield* select<Forgotten>(
      facts,
      `SELECT r.topic, r.partition, r."offset", r.eventId, r.key, c.consumer
       FROM records AS r JOIN ${schema}.consumer_offsets AS c
         ON c.clusterId = $clusterId AND c.topic = r.topic AND c.partition = r.partition
       WHERE r.topic IN (${topics}) AND r."offset" < c.nextOffset AND r.eventId IS NOT NULL
         AND r.type IN (${KNOWN_TYPES}) AND r.timestamp BETWEEN $cutoffMs - ${DAY_MS} AND $cutoffMs
         AND NOT EXISTS (SELECT 1 FROM ${schema}.inbox AS i
           WHERE i.eventId = r.eventId AND i.source = r.source AND i.consumer = c.consumer)
         AND NOT EXISTS (SELECT 1 FROM ${schema}.held_events AS h
           WHERE h.clusterId = $clusterId AND h.topic = r.topic AND h.partition = r.partition
             AND h."offset" = r."offset" AND h.consumer = c.consumer)
         AND NOT EXISTS (SELECT 1 FROM ${schema}.held_events AS h
           WHERE h.eventId = r.eventId AND h.consumer = c.consumer)
         AND NOT EXISTS (SELECT 1 FROM ${schema}.operator_audit AS a
           WHERE a.action = 'DISCARD' AND a.target ->> '$.topic' = r.topic
             AND a.target ->> '$.partition' = r.partition AND a.target ->> '$.offset' = r."offset")`,
      { clusterId: facts.clusterId, cutoffMs: Date.parse(facts.cutoff) },
      ({ topic, partition, offset, eventId, key, consumer }) => ({
        kind: "contradicting",
        rule: `passed-over-${schema}`,
        subject: eventId,
        orderId: key,
        message: `${readerOf(service, consumer)} has read past ${topic}/${partition} offset ${offset} (order ${key}), but neither knows nor holds event ${eventId}`,
      }),
    );
  }
}

/** Each order is told once per event and channel, of its creation before its payment. */
export function* notificationsAreSingleAndInOrder(facts: Facts): Generator<Finding> {
  yield* select<{ orderId: string; createdRows: number; resultRows: number }>(
    facts,
    "SELECT orderId, createdRows, resultRows FROM told WHERE createdRows > 3 OR resultRows > 3",
    {},
    ({ orderId, createdRows, resultRows }) => ({
      kind: "doubled",
      rule: "notifications",
      subject: orderId,
      orderId,
      message: `order ${orderId} has ${createdRows} + ${resultRows} notifications in notifications.db, not 3 + 3`,
    }),
  );
  yield* select<{ orderId: string; lastCreated: number; firstResult: number }>(
    facts,
    "SELECT orderId, lastCreated, firstResult FROM told WHERE lastCreated > firstResult",
    {},
    ({ orderId, lastCreated, firstResult }) => ({
      kind: "out-of-order",
      rule: "notification-order",
      subject: orderId,
      orderId,
      message: `the customer of order ${orderId} was told of the payment (seq ${firstResult}) before the order (seq ${lastCreated})`,
    }),
  );
  // An event has one place for all channels: one that sent later than others is told by the time.
  yield* select<{ orderId: string; lateCreatedAt: string; firstResultAt: string }>(
    facts,
    `SELECT orderId, lateCreatedAt, firstResultAt FROM told
     WHERE lateCreatedAt > firstResultAt AND lastCreated < firstResult`,
    {},
    ({ orderId, lateCreatedAt, firstResultAt }) => ({
      kind: "out-of-order",
      rule: "notification-order",
      subject: orderId,
      orderId,
      message: `the customer of order ${orderId} was told of the payment (at ${firstResultAt}) before all channels had told of the order (at ${lateCreatedAt})`,
    }),
  );
}

/** An order has one payment at most. */
export const paymentsAreSingle: Rule = (facts) =>
  select<{ orderId: string; n: number }>(
    facts,
    "SELECT orderId, count(*) AS n FROM payments.payments GROUP BY orderId HAVING n > 1",
    {},
    ({ orderId, n }) => ({
      kind: "doubled",
      rule: "payments",
      subject: orderId,
      orderId,
      message: `order ${orderId} has ${n} payments in payments.db, not one`,
    }),
  );

/** The status of an order, its payment and the event of the payment say the same. */
export function* factsAgree(facts: Facts): Generator<Finding> {
  yield* select<{ id: string; status: string; paid: string }>(
    facts,
    `SELECT o.id, o.status, p.status AS paid
     FROM orders.orders AS o JOIN payments.payments AS p ON p.orderId = o.id
     WHERE o.status <> 'PENDING'
       AND o.status <> CASE p.status WHEN 'SUCCEEDED' THEN 'PAID' ELSE 'PAYMENT_FAILED' END`,
    {},
    ({ id, status, paid }) => ({
      kind: "contradicting",
      rule: "status",
      subject: id,
      orderId: id,
      message: `order ${id} is ${status}, but its payment has ${paid}`,
    }),
  );
  yield* select<{ id: string; asked: number; charged: number }>(
    facts,
    `SELECT o.id, o.amount AS asked, p.amount AS charged
     FROM orders.orders AS o JOIN payments.payments AS p ON p.orderId = o.id
     WHERE o.amount <> p.amount OR o.customerId <> p.customerId`,
    {},
    ({ id, asked, charged }) => ({
      kind: "contradicting",
      rule: "amount",
      subject: id,
      orderId: id,
      message: `order ${id} is about ${asked}, but its payment is about ${charged} or another customer`,
    }),
  );
}

/** Nothing belongs to an order that is not stored. */
export const ordersAreKnown: Rule = (facts) =>
  select<{ orderId: string; places: string }>(
    facts,
    `SELECT orderId, group_concat(DISTINCT place) AS places FROM (
       SELECT key AS orderId, 'an event in ' || topic AS place FROM records AS r
         WHERE type IN (${KNOWN_TYPES}) AND NOT ${IS_DISCARDED}
       UNION ALL SELECT orderId, 'a payment' FROM payments.payments
       UNION ALL SELECT orderId, 'a charge' FROM charges
       UNION ALL SELECT orderId, 'notifications' FROM told
       UNION ALL SELECT orderId, 'sends' FROM sent
     ) AS found
     WHERE NOT EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.id = found.orderId)
     GROUP BY orderId`,
    {},
    ({ orderId, places }) => ({
      kind: "unknown",
      rule: "unknown-order",
      subject: String(orderId),
      orderId,
      message: `there is no order ${orderId} in orders.db, but ${places.replaceAll(",", ", ")}`,
    }),
  );
