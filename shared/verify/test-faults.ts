import { expect } from "bun:test";
import type { CopiedRun } from "@order-outbox/system";

/** A way in which a promise can be broken, and what verify has to say of it. */
export interface Fault {
  name: string;
  /** On a copy of the databases; about the order `id`, whose event in `order_created` is `eventId`. */
  change(world: CopiedRun, id: string, eventId: string): void;
  /** With `#` for every UUID and `ID` for the id of the result event in the outbox. */
  findings: string[];
}

export const deleteOf = (table: string) => (id: string) =>
  `DELETE FROM ${table} WHERE orderId = '${id}'`;
const insertSelect = (table: string, columns: string, values: string, from: string) =>
  `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${table} WHERE ${from} LIMIT 1`;

export const FAULTS: Fault[] = [
  {
    name: "an order whose outbox row was dropped",
    change: (world, id) => world.change("orders", deleteOf("outbox")(id)),
    findings: ["lost: order # has no ORDER_CREATED event in the outbox of orders.db"],
  },
  {
    name: "a payment that was dropped",
    change: (world, id) => world.change("payments", deleteOf("payments")(id)),
    findings: [
      "lost: ORDER_CREATED of order #: the inbox of payments.db counts it as applied, but there is no payment",
    ],
  },
  {
    name: "a result event that was dropped",
    change: (world, id) => world.change("payments", deleteOf("outbox")(id)),
    findings: [
      "lost: the payment of order # has no PAYMENT_SUCCEEDED event in the outbox of payments.db",
    ],
  },
  {
    name: "a notification that was dropped",
    change: (world, id) =>
      world.change(
        "notifications",
        `UPDATE notified_events SET smsSentAt = NULL
         WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ),
    findings: [
      "lost: ORDER_CREATED of order #: the inbox of notifications.db counts it as applied, but there are 2 of 3 notifications",
    ],
  },
  {
    name: "an event whose notifications were all dropped",
    change: (world, id) =>
      world.change(
        "notifications",
        `${deleteOf("notified_events")(id)} AND eventType <> 'ORDER_CREATED'`,
      ),
    findings: [
      "lost: PAYMENT_SUCCEEDED of order #: the inbox of notifications.db counts it as applied, but there are 0 of 3 notifications",
    ],
  },
  {
    name: "an order whose notifications were all dropped",
    change: (world, id) => world.change("notifications", deleteOf("notified_events")(id)),
    findings: [
      "lost: ORDER_CREATED of order #: the inbox of notifications.db counts it as applied, but there are 0 of 3 notifications",
      "lost: PAYMENT_SUCCEEDED of order #: the inbox of notifications.db counts it as applied, but there are 0 of 3 notifications",
    ],
  },
  {
    name: "an event that a consumer passed over",
    change: (world, id, eventId) =>
      world.change(
        "payments",
        `DELETE FROM inbox WHERE eventId = '${eventId}'`,
        deleteOf("payments")(id),
      ),
    findings: [
      "lost: ORDER_CREATED of order #: payments.db has read past it, and neither applied nor held it: there is no payment",
    ],
  },
  {
    name: "a second consumer of a database that forgets what it has read",
    change(world, _, eventId) {
      for (const table of ["consumer_offsets", "inbox"]) {
        world.change(
          "payments",
          `CREATE TEMP TABLE copied AS SELECT * FROM ${table}`,
          "UPDATE copied SET consumer = 'second-consumer'",
          `INSERT INTO ${table} SELECT * FROM copied`,
          "DROP TABLE copied",
        );
      }
      world.change(
        "payments",
        `DELETE FROM inbox WHERE eventId = '${eventId}' AND consumer = 'second-consumer'`,
      );
    },
    findings: [
      expect.stringMatching(
        /^contradicting: second-consumer of payments.db has read past order_created\/\d offset \d+ \(order #\), but neither knows nor holds event #$/,
      ),
    ],
  },
  {
    name: "an inbox that forgets what took effect",
    change: (world, _id, eventId) =>
      world.change("payments", `DELETE FROM inbox WHERE eventId = '${eventId}'`),
    findings: [
      expect.stringMatching(
        /^contradicting: payments.db has read past order_created\/\d offset \d+ \(order #\), but neither knows nor holds event #$/,
      ),
    ],
  },
  {
    name: "an event that is marked as published without having been sent",
    change: (world) =>
      world.change(
        "orders",
        insertSelect(
          "orders",
          "id, customerId, amount, status, createdAt, updatedAt",
          "'11111111-1111-7111-8111-111111111111', customerId, amount, 'PENDING', createdAt, updatedAt",
          "true",
        ),
        insertSelect(
          "outbox",
          "eventType, orderId, payload, isPublished, createdAt, publishedAt, eventId, topic, partitionKey, keyHash",
          "eventType, '11111111-1111-7111-8111-111111111111', payload, 1, createdAt, publishedAt, '22222222-2222-7222-8222-222222222222', topic, '1', 1",
          "true",
        ),
      ),
    findings: [
      expect.stringMatching(
        /^lost: ORDER_CREATED of order # \(outbox \d+ of orders.db\) is marked as published, but is not in order_created$/,
      ),
    ],
  },
  {
    name: "an event that still waits in the outbox",
    change: (world, id) =>
      world.change(
        "payments",
        `UPDATE outbox SET isPublished = 0, createdAt = '2026-01-01T00:00:00.000Z'
         WHERE orderId = '${id}'`,
      ),
    findings: [
      "stuck: PAYMENT_SUCCEEDED of order # (outbox ID of payments.db) is pending since 2026-01-01T00:00:00.000Z",
    ],
  },
  {
    name: "an event that the broker refused",
    change: (world, id) =>
      world.change(
        "payments",
        `UPDATE outbox SET isPublished = 0, parkedAt = '2026-01-01T00:00:00.000Z',
           lastError = 'too large' WHERE orderId = '${id}'`,
      ),
    findings: [
      "stuck: PAYMENT_SUCCEEDED of order # (outbox ID of payments.db) is parked since 2026-01-01T00:00:00.000Z: too large",
    ],
  },
  {
    name: "an order that was charged twice",
    change: (world, id) =>
      world.change(
        "provider-ledger",
        insertSelect(
          "ledger",
          "key, entry, recordedAt",
          "'another', entry, recordedAt",
          `entry ->> '$.orderId' = '${id}'`,
        ),
      ),
    findings: ["doubled: order # was charged 2 times, by the provider's ledger"],
  },
  {
    name: "a payment that nobody charged",
    change: (world, id) =>
      world.change(
        "provider-ledger",
        "DROP TRIGGER ledger_keeps_entries",
        `DELETE FROM ledger WHERE entry ->> '$.orderId' = '${id}'`,
      ),
    findings: ["lost: the payment of order # has no charge in the provider's ledger"],
  },
  {
    name: "a payment that contradicts the provider",
    change: (world, id) =>
      world.change("payments", `UPDATE payments SET transactionId = 'x' WHERE orderId = '${id}'`),
    findings: [
      "contradicting: the payment of order # has another outcome, amount or transaction than the provider's ledger",
    ],
  },
  {
    name: "a notification that is recorded twice",
    change: (world, id) =>
      world.change(
        "notifications",
        insertSelect(
          "notified_events",
          "orderId, eventId, eventType, emailSentAt",
          "orderId, 'x', eventType, emailSentAt",
          `orderId = '${id}' AND eventType = 'PAYMENT_SUCCEEDED'`,
        ),
      ),
    findings: ["doubled: order # has 3 + 4 notifications in notifications.db, not 3 + 3"],
  },
  {
    name: "a message that was sent twice",
    change: (world, id) =>
      world.change(
        "channels-ledger",
        insertSelect(
          "ledger",
          "key, entry, recordedAt",
          "'another', entry, recordedAt",
          `entry ->> '$.orderId' = '${id}' AND entry ->> '$.channel' = 'PUSH'`,
        ),
      ),
    findings: ["doubled: order # was sent 3 messages by PUSH, not 2, by the channels' ledger"],
  },
  {
    name: "a customer who was told of the payment before the order",
    change: (world, id) =>
      world.change(
        "notifications",
        `UPDATE notified_events SET seq = seq + 1000
         WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ),
    findings: [
      expect.stringMatching(
        /^out-of-order: the customer of order # was told of the payment \(seq \d+\) before the order \(seq 3\d+\)$/,
      ),
    ],
  },
  {
    name: "a customer whom one channel told of the payment before the order",
    change: (world, id) =>
      world.change(
        "notifications",
        `UPDATE notified_events SET smsSentAt = '2999-01-01T00:00:00.000Z'
         WHERE orderId = '${id}' AND eventType = 'ORDER_CREATED'`,
      ),
    findings: [
      expect.stringMatching(
        /^out-of-order: the customer of order # was told of the payment \(at 2\S+Z\) before all channels had told of the order \(at 2999\S+Z\)$/,
      ),
    ],
  },
  {
    name: "a status that contradicts the payment",
    change: (world, id) =>
      world.change("orders", `UPDATE orders SET status = 'PAYMENT_FAILED' WHERE id = '${id}'`),
    findings: ["contradicting: order # is PAYMENT_FAILED, but its payment has SUCCEEDED"],
  },
  {
    name: "a payment of another amount",
    change(world, id) {
      world.change("payments", `UPDATE payments SET amount = 1 WHERE orderId = '${id}'`);
      world.change(
        "provider-ledger",
        "DROP TRIGGER ledger_keeps_words",
        `UPDATE ledger SET entry = json_set(entry, '$.amount', 1.0)
         WHERE entry ->> '$.orderId' = '${id}'`,
      );
    },
    findings: [
      "contradicting: order # is about 99.99, but its payment is about 1 or another customer",
    ],
  },
  {
    name: "a second event of an order in the outbox",
    change: (world, id) =>
      world.change(
        "orders",
        insertSelect(
          "outbox",
          "eventType, orderId, payload, isPublished, createdAt, publishedAt, eventId, topic, partitionKey, keyHash, discardedAt",
          "eventType, orderId, payload, 0, createdAt, NULL, 'x', topic, partitionKey, keyHash, createdAt",
          `orderId = '${id}'`,
        ),
      ),
    findings: ["doubled: order # has 2 different events in order_created, not one"],
  },
  {
    name: "an order that is not stored",
    change: (world, id) => world.change("orders", `DELETE FROM orders WHERE id = '${id}'`),
    findings: [
      "unknown: there is no order # in orders.db, but an event in order_created, an event in payment_processed, a payment, a charge, notifications, sends",
    ],
  },
  {
    name: "a notification of an order that nobody placed",
    change: (world) =>
      world.change(
        "notifications",
        insertSelect(
          "notified_events",
          "orderId, eventId, eventType, pushSentAt",
          "'11111111-1111-7111-8111-111111111111', 'x', eventType, pushSentAt",
          "eventType = 'ORDER_CREATED'",
        ),
      ),
    findings: [
      "lost: the PUSH of ORDER_CREATED of order # is recorded as sent, but is not in the channels' ledger",
      "unknown: there is no order # in orders.db, but notifications",
    ],
  },
  {
    name: "a malformed record that a consumer holds",
    change: (world) =>
      world.change(
        "orders",
        `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", headers, errorCode,
           lastError, attempts, heldAt)
         VALUES ('order-service', 'PARKED', 'c', 'payment_processed', 2, 7, '{}', 'EVENT_MALFORMED', 'no id', 1,
           '2026-01-01T00:00:00.000Z')`,
      ),
    findings: [
      "stuck: a record of payment_processed/2 offset 7 is held in orders.db (PARKED, id 1) since 2026-01-01T00:00:00.000Z: EVENT_MALFORMED: no id",
    ],
  },
];
