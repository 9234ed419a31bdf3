import { expect } from "bun:test";
import type { CopiedRun } from "@order-outbox/system";
import { deleteOf, type Fault } from "./test-faults.ts";

const NOBODYS = "11111111-1111-7111-8111-111111111111";

/** Changes what a ledger has of an order. */
const rewrite = (world: CopiedRun, ledger: string, id: string, path: string, value: string) =>
  world.change(
    ledger,
    "DROP TRIGGER ledger_keeps_words",
    `UPDATE ledger SET entry = json_set(entry, '${path}', ${value})
     WHERE entry ->> '$.orderId' = '${id}'`,
  );

/** Adds an entry of an order that nobody placed to a ledger. */
const invent = (world: CopiedRun, ledger: string) =>
  world.change(
    ledger,
    `INSERT INTO ledger (key, entry, recordedAt)
     SELECT 'another', json_set(entry, '$.orderId', '${NOBODYS}'), recordedAt FROM ledger LIMIT 1`,
  );

const resultOf = (world: CopiedRun, id: string) =>
  world.value<string>("payments", `SELECT eventId FROM outbox WHERE orderId = '${id}'`);

const passedOver = (file: string, topic: string) =>
  expect.stringMatching(
    new RegExp(
      `^contradicting: ${file}.db has read past ${topic}/\\d offset \\d+ \\(order #\\), but neither knows nor holds event #$`,
    ),
  );

const hold = ([file, service]: readonly [string, string]) => ({
  name: `an event that ${file}.db holds`,
  change: (world: CopiedRun, id: string, eventId: string) =>
    world.change(
      file,
      `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", eventId, eventType,
         eventKey, headers, errorCode, lastError, attempts, heldAt)
       VALUES ('${service}', 'RETRYING', 'c', 'order_created', 2, 7, '${eventId}', 'ORDER_CREATED', '${id}', '{}',
         'HANDLER_FAILED', 'no', 1, '2026-01-01T00:00:00.000Z')`,
    ),
  findings: [
    `stuck: ORDER_CREATED of # is held in ${file}.db (RETRYING, id 1) since 2026-01-01T00:00:00.000Z: HANDLER_FAILED: no`,
  ],
});

const CONTRADICTS_THE_LEDGER =
  "contradicting: the payment of order # has another outcome, amount or transaction than the provider's ledger";

/** More ways: two sides that say different things, and what one side alone knows. */
export const CONTRADICTIONS: Fault[] = [
  {
    name: "a result event of another kind than its payment",
    change: (world, id) =>
      world.change(
        "payments",
        `UPDATE outbox SET eventType = 'PAYMENT_FAILED' WHERE orderId = '${id}'`,
      ),
    findings: [
      "lost: the payment of order # has no PAYMENT_SUCCEEDED event in the outbox of payments.db",
    ],
  },
  {
    name: "a charge of another amount",
    change: (world, id) => rewrite(world, "provider-ledger", id, "$.amount", "1.0"),
    findings: [CONTRADICTS_THE_LEDGER],
  },
  {
    name: "a charge of another outcome",
    change: (world, id) => rewrite(world, "provider-ledger", id, "$.result.outcome", "'DECLINED'"),
    findings: [CONTRADICTS_THE_LEDGER],
  },
  {
    name: "a payment of another customer",
    change: (world, id) =>
      world.change("payments", `UPDATE payments SET customerId = 'x' WHERE orderId = '${id}'`),
    findings: [
      "contradicting: order # is about 99.99, but its payment is about 99.99 or another customer",
    ],
  },
  {
    name: "a payment that is stored twice",
    change: (world, id) =>
      world.change(
        "payments",
        "CREATE TABLE spoilt AS SELECT * FROM payments",
        `INSERT INTO spoilt SELECT * FROM payments WHERE orderId = '${id}'`,
        "DROP TABLE payments",
        "ALTER TABLE spoilt RENAME TO payments",
      ),
    findings: ["doubled: order # has 2 payments in payments.db, not one"],
  },
  {
    name: "a charge for nobody",
    change: (world) => invent(world, "provider-ledger"),
    findings: ["unknown: there is no order # in orders.db, but a charge"],
  },
  {
    name: "a message to nobody",
    change: (world) => invent(world, "channels-ledger"),
    findings: ["unknown: there is no order # in orders.db, but sends"],
  },
  {
    name: "a message that is recorded as sent and was not, among such with keys of before",
    change(world, id) {
      const told = (type: string) =>
        `SELECT eventId FROM notified_events WHERE orderId = '${id}' AND eventType ${type}`;
      const created = world.value<string>("notifications", told("= 'ORDER_CREATED'"));
      world.change(
        "channels-ledger",
        "DROP TRIGGER ledger_keeps_words",
        "DROP TRIGGER ledger_keeps_entries",
        `UPDATE ledger SET key = '${created}/' || (entry ->> '$.channel')
         WHERE key LIKE 'order:${id}:created/%'`,
        `DELETE FROM ledger WHERE key = 'order:${id}:payment/SMS'`,
      );
    },
    findings: [
      "lost: the SMS of PAYMENT_SUCCEEDED of order # is recorded as sent, but is not in the channels' ledger",
    ],
  },
  {
    name: "an order whose notifications are gone though only older ones were pruned",
    change: (world, id) =>
      world.change(
        "notifications",
        deleteOf("notified_events")(id),
        "UPDATE pruned_events SET total = total + 2",
      ),
    findings: ["ORDER_CREATED", "PAYMENT_SUCCEEDED"].map(
      (type) =>
        `lost: ${type} of order #: the inbox of notifications.db counts it as applied, but there are 0 of 3 notifications`,
    ),
  },
  {
    name: "an order that stays as it was though its result was applied",
    change: (world, id) =>
      world.change("orders", `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`),
    findings: [
      "lost: PAYMENT_SUCCEEDED of order #: the inbox of orders.db counts it as applied, but the order is PENDING",
    ],
  },
  {
    name: "a result that an inbox passed over",
    change: (world, id) =>
      world.change(
        "orders",
        `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`,
        `DELETE FROM inbox WHERE eventId = '${resultOf(world, id)}'`,
      ),
    findings: [
      "lost: PAYMENT_SUCCEEDED of order #: orders.db has read past it, and neither applied nor held it: the order is PENDING",
    ],
  },
  ...["orders", "notifications"].map((file) => ({
    name: `a result that the inbox of ${file}.db forgot`,
    change: (world: CopiedRun, id: string) =>
      world.change(file, `DELETE FROM inbox WHERE eventId = '${resultOf(world, id)}'`),
    findings: [passedOver(file, "payment_processed")],
  })),
  {
    name: "an inbox that knows an event's id of another source",
    change: (world, _id, eventId) =>
      world.change(
        "payments",
        `UPDATE inbox SET source = '/elsewhere' WHERE eventId = '${eventId}'`,
      ),
    findings: [passedOver("payments", "order_created")],
  },
  ...(
    [
      ["payments", "payment-service"],
      ["notifications", "notification-service"],
    ] as const
  ).map(hold),
  {
    name: "an event of an order that still waits in the outbox",
    change: (world, id) =>
      world.change(
        "orders",
        `UPDATE outbox SET isPublished = 0, createdAt = '2026-01-01T00:00:00.000Z'
         WHERE orderId = '${id}'`,
      ),
    findings: [
      expect.stringMatching(
        /^stuck: ORDER_CREATED of order # \(outbox \d+ of orders.db\) is pending since 2026-01-01T00:00:00.000Z$/,
      ),
    ],
  },
  {
    name: "rows that are missing from several places at once",
    change(world, id, eventId) {
      world.change("payments", deleteOf("outbox")(id));
      world.change("notifications", `DELETE FROM inbox WHERE eventId = '${eventId}'`);
    },
    findings: [
      "lost: the payment of order # has no PAYMENT_SUCCEEDED event in the outbox of payments.db",
      passedOver("notifications", "order_created"),
    ],
  },
];
