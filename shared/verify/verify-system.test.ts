import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import type { DevBroker } from "@order-outbox/dev-broker";
import {
  type CopiedRun,
  copyRun,
  type FinishedRun,
  finishRun,
  outboxJson,
  redrivenEvents,
  replayRun,
} from "@order-outbox/system";
import type { TopicRecord } from "@order-outbox/testing";
import { connectKafka, withAdmin } from "@order-outbox/topic-reader";
import type { Kind, Report } from "./report.ts";
import { CONTRADICTIONS } from "./test-contradictions.ts";
import { deleteOf, FAULTS } from "./test-faults.ts";
import { type VerifyOptions, verifySystem } from "./verify-system.ts";

const COUNT = 12;
let run: FinishedRun;
/** Shared by the tests that leave the topics as they are. */
let broker: DevBroker;

beforeAll(async () => {
  run = await finishRun(COUNT);
  broker = await replayRun(run);
});
afterAll(async () => {
  await broker?.close();
  run?.[Symbol.dispose]();
});

function verify(
  world: Pick<CopiedRun, "dataDir" | "kafkaHost">,
  options: Partial<VerifyOptions> = {},
) {
  const brokers = [world.kafkaHost];
  return verifySystem({ dataDir: world.dataDir, brokers, settleMs: 0, recheckMs: 0, ...options });
}

/** The findings with the ids of this run taken out. */
function named({ findings }: Report): string[] {
  return findings.map(({ kind, message }) => `${kind}: ${message}`.replaceAll(UUID, "#"));
}
const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

test("what a healthy system leaves is clean, and everything was looked at", async () => {
  using world = copyRun(run, broker);
  const report = await verify(world);
  expect(report).toMatchObject({
    orders: { judged: COUNT, younger: 0 },
    records: 2 * COUNT,
    repeatsOnTheWire: 0,
    findings: [],
    notes: [],
    leftOut: [],
  });
});

test("orders younger than the time to settle are judged when they have come to their end", async () => {
  using world = copyRun(run, broker);
  const settleMs = 3_600_000;
  expect(await verify(world, { settleMs })).toMatchObject({
    orders: { judged: COUNT, younger: 0 },
    findings: [],
  });
  const id = paidOrder();
  world.change(
    "notifications",
    `${deleteOf("notified_events")(id)} AND eventType <> 'ORDER_CREATED'`,
  );
  expect(await verify(world, { settleMs })).toMatchObject({
    orders: { judged: COUNT - 1, younger: 1 },
    findings: [],
  });
});

test("orders of a clock that was ahead, and not at their end, are said to be unchecked", async () => {
  using world = copyRun(run, broker);
  const id = paidOrder();
  world.change("orders", `UPDATE orders SET createdAt = '2999-01-01T00:00:00.000Z'`);
  expect(await verify(world)).toMatchObject({ orders: { judged: COUNT, ahead: 0 }, leftOut: [] });
  world.change(
    "notifications",
    `${deleteOf("notified_events")(id)} AND eventType <> 'ORDER_CREATED'`,
  );
  expect(await verify(world)).toMatchObject({
    orders: { judged: COUNT - 1, younger: 1, ahead: 1 },
    leftOut: [expect.stringMatching(/a time that has not come yet.*: 1$/)],
  });
});

test.each([...FAULTS, ...CONTRADICTIONS].map((fault) => [fault.name, fault] as const))(
  "%s is named, and nothing else",
  async (_, { change, findings }) => {
    const id = paidOrder();
    using world = copyRun(run, broker);
    change(world, id, eventIdOf(TOPICS.orderCreated, id));
    const report = await verify(world);
    const outboxId = world.value<number>(
      "payments",
      `SELECT id FROM outbox WHERE orderId = '${id}'`,
    );
    expect(named(report)).toEqual(
      findings.map((text) => (typeof text === "string" ? text.replace("ID", `${outboxId}`) : text)),
    );
    for (const [kind, n] of Object.entries(report.counts)) {
      expect(n).toBe(report.findings.filter((finding) => finding.kind === (kind as Kind)).length);
    }
  },
);

/** The last order that was paid. */
function paidOrder(): string {
  const paid = run.records[TOPICS.paymentProcessed]?.filter(
    ({ headers }) => headers.ce_type === "PAYMENT_SUCCEEDED",
  );
  const known = new Set(paid?.map(({ key }) => key));
  return run.orderIds.findLast((id) => known.has(id)) as string;
}

function eventIdOf(topic: string, orderId: string): string {
  return run.records[topic]?.find(({ key }) => key === orderId)?.headers.ce_id as string;
}

/** Changes the records of one topic only. */
const inTopic =
  (changed: string, edit: (records: TopicRecord[]) => TopicRecord[]) =>
  (topic: string, records: TopicRecord[]) =>
    topic === changed ? edit(records) : records;

test("two sends that were swapped are out of order", async () => {
  let sequences: (string | undefined)[] = [];
  await using other = await replayRun(
    run,
    inTopic(TOPICS.orderCreated, (records) => {
      const i = records.findIndex((one, at) => one.partition === records[at + 1]?.partition);
      const [first, second] = [records[i], records[i + 1]] as [TopicRecord, TopicRecord];
      sequences = [first.headers.ce_sequence, second.headers.ce_sequence];
      return records.with(i, second).with(i + 1, first);
    }),
  );
  using world = copyRun(run, other);
  const report = await verify(world);
  expect(report.counts).toMatchObject({ "out-of-order": 1 });
  expect(named(report)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^out-of-order: order_created/\\d offset \\d+ \\(order #\\) has ce_sequence ${sequences[0]} after ${sequences[1]}$`,
      ),
    ),
  ]);
});

test("a row that an operator redrove came late, and another's audit row excuses nothing", async () => {
  let late: TopicRecord | undefined;
  await using other = await replayRun(
    run,
    inTopic(TOPICS.orderCreated, (records) => {
      const i = records.findIndex((one, at) => one.partition === records[at + 1]?.partition);
      const [first, second] = [records[i], records[i + 1]] as [TopicRecord, TopicRecord];
      late = first;
      return records.with(i, second).with(i + 1, first);
    }),
  );
  using world = copyRun(run, other);
  const redrive = (eventId: string | undefined, action = "REDRIVE") =>
    world.change(
      "orders",
      `INSERT INTO operator_audit (at, action, target)
       SELECT '', '${action}', json_object('outboxId', id, 'eventId', eventId)
       FROM outbox WHERE eventId = '${eventId}'`,
    );
  const another = run.records[TOPICS.orderCreated]?.find(({ key }) => key !== late?.key);
  redrive(another?.headers.ce_id);
  redrive(late?.headers.ce_id, "DISCARD");
  expect((await verify(world)).counts).toMatchObject({ "out-of-order": 1 });
  redrive(late?.headers.ce_id);
  expect(await verify(world)).toMatchObject({
    findings: [],
    notes: ["1 first deliveries came after later ones because operators redrove them"],
  });
  expect([...redrivenEvents(world.dataDir)].toSorted()).toEqual(
    [another?.headers.ce_id, late?.headers.ce_id].toSorted() as string[],
  );
});

test("a record that was sent again is a repetition, not a finding", async () => {
  // All but the last of each partition: what comes again has a lower number than what it follows.
  const isFollowed = ({ partition, offset }: TopicRecord, _: number, all: TopicRecord[]) =>
    all.some((other) => other.partition === partition && other.offset > offset);
  let repeats = 0;
  await using other = await replayRun(
    run,
    inTopic(TOPICS.paymentProcessed, (records) => {
      const again = records.filter(isFollowed);
      repeats = again.length;
      return [...records, ...again];
    }),
  );
  using world = copyRun(run, other);
  expect(repeats).toBeGreaterThan(0);
  expect(await verify(world)).toMatchObject({ repeatsOnTheWire: repeats, findings: [] });
});

test("a second event of an order that no outbox of ours has is a stranger's, and nothing is doubled", async () => {
  await using other = await replayRun(
    run,
    inTopic(TOPICS.orderCreated, (records) => {
      const last = records.at(-1) as TopicRecord;
      const headers = { ...last.headers, ce_id: "another", ce_sequence: "1" };
      return [...records, { ...last, headers }];
    }),
  );
  using world = copyRun(run, other);
  expect(named(await verify(world))).toEqual([
    expect.stringMatching(
      /^unknown: order_created\/\d offset \d+ is an event of order # that none of our services wrote: another$/,
    ),
  ]);
  const discard = (file: string) =>
    world.change(
      file,
      `INSERT INTO operator_audit (at, action, target)
       VALUES ('', 'DISCARD', '{"eventId":"another"}')`,
    );
  discard("payments");
  expect(await verify(world)).toMatchObject({ counts: { unknown: 1 } });
  discard("notifications");
  expect(named(await verify(world))).toEqual([]);
});

test("an event of an order that nobody accepted is named", async () => {
  await using other = await replayRun(
    run,
    inTopic(TOPICS.orderCreated, (records) => {
      const last = records.at(-1) as TopicRecord;
      const orderId = crypto.randomUUID();
      const headers = { ...last.headers, ce_id: "another", ce_sequence: "1", ce_subject: orderId };
      const value = JSON.stringify({ ...JSON.parse(last.value ?? ""), orderId });
      return [...records, { ...last, key: orderId, value, headers }];
    }),
  );
  using world = copyRun(run, other);
  expect(named(await verify(world))).toEqual([
    "unknown: there is no order # in orders.db, but an event in order_created",
  ]);
});

test("what is no event of ours is nothing that an order could have twice or out of order", async () => {
  await using other = await replayRun(run, (topic, records) => {
    const last = records.at(-1) as TopicRecord;
    const spoilt = (headers: Record<string, string>, value = last.value) => ({
      ...last,
      value,
      headers: { ...last.headers, ce_id: crypto.randomUUID(), ce_sequence: "1", ...headers },
    });
    const misplaced = topic === TOPICS.orderCreated ? "PAYMENT_FAILED" : "ORDER_CREATED";
    return [
      ...records,
      spoilt({}, "{"),
      spoilt({ ce_source: "/elsewhere" }),
      spoilt({ ce_type: misplaced }),
      spoilt({ ce_id: "x".repeat(10_000) }),
      spoilt({ ce_type: "ORDER_TELEPORTED" }),
    ];
  });
  using world = copyRun(run, other);
  expect(named(await verify(world))).toEqual([]);
});

test("what a consumer has not read yet is stuck, not lost", async () => {
  using world = copyRun(run, broker);
  const id = paidOrder();
  const eventId = eventIdOf(TOPICS.paymentProcessed, id);
  world.change(
    "orders",
    "DELETE FROM consumer_offsets",
    `DELETE FROM inbox WHERE eventId = '${eventId}'`,
    `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`,
  );
  expect(named(await verify(world))).toEqual([
    "stuck: PAYMENT_SUCCEEDED of order #: orders.db has not read it yet: the order is PENDING",
  ]);
});

test("a held event and one that an operator discarded are told apart", async () => {
  using world = copyRun(run, broker);
  const id = paidOrder();
  const eventId = eventIdOf(TOPICS.paymentProcessed, id);
  world.change(
    "orders",
    `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`,
    `DELETE FROM inbox WHERE eventId = '${eventId}'`,
    `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", eventId, eventType,
       eventKey, headers, errorCode, lastError, attempts, heldAt)
     VALUES ('order-service', 'PARKED', 'c', 'payment_processed', 0, 0, '${eventId}', 'PAYMENT_SUCCEEDED', '${id}',
       '{}', 'HANDLER_FAILED', 'no', 3, '2026-01-01T00:00:00.000Z')`,
  );
  expect(named(await verify(world))).toEqual([
    "stuck: PAYMENT_SUCCEEDED of # is held in orders.db (PARKED, id 1) since 2026-01-01T00:00:00.000Z: HANDLER_FAILED: no",
  ]);
  world.change(
    "orders",
    "DELETE FROM held_events",
    `INSERT INTO inbox VALUES ('${eventId}', '/payment-service', 'order-service', 'PAYMENT_SUCCEEDED', 'payment_processed', 0, 0, '')`,
    `INSERT INTO operator_audit (at, action, target, reason)
     VALUES ('', 'DISCARD', '{"eventId":"${eventId}"}', 'test')`,
  );
  expect(named(await verify(world))).toEqual([]);
});

test("pruned rows and an emptied topic are outside of the window, and it says so", async () => {
  await using other = await replayRun(
    run,
    inTopic(TOPICS.orderCreated, () => []),
  );
  using world = copyRun(run, other);
  world.change("orders", "DELETE FROM outbox WHERE id <= 5");
  world.change("notifications", "DELETE FROM consumer_offsets");
  const report = await verify(world);
  expect(report).toMatchObject({
    findings: [],
    notes: [
      "old rows were deleted from the outbox of orders.db",
      `${COUNT - 5} published events are not in their topic, but took effect at every consumer: the topic was emptied since`,
    ],
  });
});

test("what retention removed is outside, unless a consumer still needed it", async () => {
  await using other = await replayRun(run);
  await withAdmin(connectKafka([other.address]), async (admin) => {
    const ends = await admin.fetchTopicOffsets(TOPICS.orderCreated);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: TOPICS.orderCreated, partitions });
  });
  using world = copyRun(run, other);
  expect(await verify(world)).toMatchObject({
    findings: [],
    notes: [
      `retention has removed ${COUNT} records from order_created`,
      `${COUNT} published events are older than what their topic still has`,
    ],
  });
  const id = paidOrder();
  world.change(
    "payments",
    deleteOf("payments")(id),
    `DELETE FROM inbox WHERE eventId = '${eventIdOf(TOPICS.orderCreated, id)}'`,
  );
  expect(named(await verify(world))).toEqual([
    "lost: ORDER_CREATED of order #: it is no longer in order_created, and payments.db has not applied it: there is no payment",
  ]);
});

test("a database that was built again numbers its events anew, in an order of their own", async () => {
  let last: TopicRecord | undefined;
  await using other = await replayRun(
    run,
    inTopic(TOPICS.paymentProcessed, (records) => {
      const i = records.findLastIndex((one, at) => one.partition === records[at - 1]?.partition);
      last = records[i];
      const headers = { ...last?.headers, ce_sequence: "1" } as TopicRecord["headers"];
      return records.with(i, { ...(last as TopicRecord), headers });
    }),
  );
  using world = copyRun(run, other);
  world.change(
    "payments",
    "UPDATE outbox SET id = id + 1000",
    `UPDATE outbox SET id = 1 WHERE orderId = '${last?.key}'`,
  );
  expect(await verify(world)).toMatchObject({
    findings: [],
    notes: [expect.stringMatching(/^1 first deliveries seem out of order because/)],
  });
});

test("orders that a database lacks come back from their topic, also when their number is taken", async () => {
  using world = copyRun(run, broker);
  const where = { dataDir: world.dataDir, kafkaHost: world.kafkaHost };
  const rows = (columns: string, table: string) =>
    world.value<string>(
      "orders",
      `SELECT json_group_array(json_array(${columns}) ORDER BY ${columns}) FROM ${table}`,
    );
  const orders = () => rows("id, customerId, amount, createdAt", "orders");
  const events = () =>
    rows("eventId, eventType, orderId, payload, isPublished, createdAt, keyHash", "outbox");
  const [first, second, other] = run.orderIds.slice(-3) as [string, string, string];
  const numberOf = (id: string) =>
    world.value<number>("orders", `SELECT id FROM outbox WHERE orderId = '${id}'`);
  const statuses = [first, second].map(
    (id) =>
      `UPDATE orders SET status = '${world.value("orders", `SELECT status FROM orders WHERE id = '${id}'`)}' WHERE id = '${id}'`,
  );
  const [before, taken, kept] = [[orders(), events()], numberOf(first), numberOf(second)];
  world.change(
    "orders",
    `DELETE FROM orders WHERE id IN ('${first}', '${second}')`,
    `DELETE FROM outbox WHERE orderId IN ('${first}', '${second}')`,
    `UPDATE outbox SET id = ${taken} WHERE orderId = '${other}'`,
  );

  expect(await outboxJson(where, "recover-orders", "--dry-run")).toMatchObject({ orders: 2 });
  const recover = () => outboxJson<object>(where, "recover-orders", "--reason", "a test");
  expect(await recover()).toEqual({ dryRun: false, orders: 2, withOldNumber: 1 });
  expect([orders(), events()]).toEqual(before);
  expect([numberOf(second), numberOf(other)]).toEqual([kept, taken]);
  expect(await recover()).toMatchObject({ orders: 0 });

  // What redriving the parked results does after a real restore.
  world.change("orders", ...statuses);
  expect((await verify(world)).findings).toEqual([]);
});

test("the notifications of an order may be gone when they were pruned and its messages were sent", async () => {
  using world = copyRun(run, broker);
  const [first] = run.orderIds;
  world.change("notifications", deleteOf("notified_events")(first as string));
  expect((await verify(world)).counts).toMatchObject({ lost: 2 });
  world.change("notifications", "UPDATE pruned_events SET total = total + 2");
  expect(await verify(world)).toMatchObject({
    findings: [],
    notes: ["the notifications of 1 orders were deleted from notifications.db"],
  });
  world.change(
    "channels-ledger",
    "DROP TRIGGER ledger_keeps_entries",
    `DELETE FROM ledger WHERE entry ->> '$.orderId' = '${first}' AND entry ->> '$.channel' = 'SMS'`,
  );
  expect((await verify(world)).counts).toMatchObject({ lost: 2 });
});

test("what passes until the second look is no finding", async () => {
  using world = copyRun(run, broker);
  const id = paidOrder();
  const looks: string[] = [];
  world.change("orders", `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`);
  expect((await verify(world)).counts).toMatchObject({ lost: 1 });
  const report = await verify(world, {
    recheckMs: 100,
    onProgress(what) {
      if (!what.startsWith("reconciling")) return;
      if (looks.push(what) > 1) return;
      setTimeout(() =>
        world.change("orders", `UPDATE orders SET status = 'PAID' WHERE id = '${id}'`),
      );
    },
  });
  expect(looks).toEqual(["reconciling", "reconciling again"]);
  expect(report.findings).toEqual([]);
});

test("what cannot be checked is said, and the rest is checked", async () => {
  using world = copyRun(run, broker);
  rmSync(join(world.dataDir, "provider-ledger.db"));
  world.change("payments", deleteOf("payments")(paidOrder()));
  const report = await verify({ dataDir: world.dataDir, kafkaHost: "127.0.0.1:1" });
  expect(report.leftOut).toEqual([
    expect.stringMatching(/^the provider's ledger: there is no .*provider-ledger.db$/),
    expect.stringMatching(/^the topics: /),
  ]);
  expect(report).toMatchObject({ records: null, counts: { lost: 1 } });
});
