import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import type { DevBroker } from "@order-outbox/dev-broker";
import {
  type CopiedRun,
  copyRun,
  type FinishedRun,
  finishRun,
  outbox,
  replayRun,
} from "@order-outbox/system";
import type { TopicRecord } from "@order-outbox/testing";
import { connectKafka, withAdmin } from "@order-outbox/topic-reader";
import type { Report } from "./report.ts";
import { type VerifyOptions, verifySystem } from "./verify-system.ts";

const COUNT = 8;
const NOBODYS = "11111111-1111-7111-8111-111111111111";
let run: FinishedRun;
let broker: DevBroker;

describe.if(process.env.PROOF === "full")("what retention, pruning and operators excuse", () => {
  beforeAll(async () => {
    run = await finishRun(COUNT, { PAYMENT_SUCCESS_RATE: "1" });
    broker = await replayRun(run);
  });
  afterAll(async () => {
    await broker?.close();
    run?.[Symbol.dispose]();
  });

  function verify({ dataDir, kafkaHost }: CopiedRun, options: Partial<VerifyOptions> = {}) {
    return verifySystem({ dataDir, brokers: [kafkaHost], settleMs: 0, recheckMs: 0, ...options });
  }

  const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;
  const named = ({ findings }: Report) =>
    findings.map(({ kind, message }) => `${kind}: ${message}`.replace(UUID, "#"));

  const recordsOf = (topic: string) => run.records[topic] as readonly TopicRecord[];
  const lastOrder = () => run.orderIds.at(-1) as string;
  const recordOf = (topic: string, orderId = lastOrder()) =>
    recordsOf(topic).find(({ key }) => key === orderId) as TopicRecord;
  /** A record that a later one of its partition could overtake, of another order than the first. */
  const overtakable = () => {
    const records = recordsOf(TOPICS.orderCreated);
    return records.find(
      ({ key, ...one }) =>
        key !== run.orderIds[0] &&
        records.some(({ partition, offset }) => partition === one.partition && offset > one.offset),
    ) as TopicRecord;
  };
  const inTopic =
    (changed: string, edit: (records: TopicRecord[]) => TopicRecord[]) =>
    (topic: string, records: TopicRecord[]) =>
      topic === changed ? edit(records) : records;

  /** Lets retention remove the first records of each partition: the lowest offset that stays. */
  const removeBefore = (address: string, lowOf: (high: number, partition: number) => number) =>
    withAdmin(connectKafka([address]), async (admin) => {
      const ends = await admin.fetchTopicOffsets(TOPICS.orderCreated);
      const partitions = ends.map(({ partition, high }) => ({
        partition,
        offset: String(lowOf(Number(high), partition)),
      }));
      await admin.deleteTopicRecords({ topic: TOPICS.orderCreated, partitions });
    });

  /** An order whose event is marked as published at a time, and is not in its topic. */
  const addUnsent = (copy: CopiedRun, publishedAt: string, keyHash: number) =>
    copy.change(
      "orders",
      `INSERT INTO orders (id, customerId, amount, status, createdAt, updatedAt)
       SELECT '${NOBODYS}', customerId, amount, 'PENDING', createdAt, updatedAt FROM orders LIMIT 1`,
      `INSERT INTO outbox (eventType, orderId, payload, isPublished, createdAt, publishedAt, eventId,
         topic, partitionKey, keyHash)
       SELECT eventType, '${NOBODYS}', payload, 1, createdAt, '${publishedAt}',
         '22222222-2222-7222-8222-222222222222', topic, '${NOBODYS}', ${keyHash} FROM outbox LIMIT 1`,
    );

  test("retention excuses only what is older than the beginning of its own partition", async () => {
    await using other = await replayRun(run);
    const { partition } = overtakable();
    await removeBefore(other.address, (high, one) => (one === partition ? high - 1 : 0));
    const begins = recordsOf(TOPICS.orderCreated).findLast((one) => one.partition === partition);
    const at = (afterMs: number) =>
      new Date((begins as TopicRecord).timestamp + afterMs).toISOString();
    const look = async (publishedAt: string, keyHash: number) => {
      using copy = copyRun(run, other);
      addUnsent(copy, publishedAt, keyHash);
      return named(await verify(copy));
    };
    expect(await look(at(-1_000), partition)).toEqual([
      "lost: ORDER_CREATED of order #: it is no longer in order_created, and payments.db has not applied it: there is no payment",
    ]);
    const lost = `lost: ORDER_CREATED of order # (outbox ${COUNT + 1} of orders.db) is marked as published, but is not in order_created`;
    expect(await look(at(1), partition)).toEqual([lost]);
    expect(await look(at(-1_000), partition + 1)).toEqual([lost]);
  });

  test("what was sent again from before a topic's beginning is not out of order", async () => {
    await using other = await replayRun(
      run,
      inTopic(TOPICS.orderCreated, (records) => [...records, ...records]),
    );
    await removeBefore(other.address, (high) => Math.ceil(high / 2 / 2));
    using copy = copyRun(run, other);
    expect(named(await verify(copy))).toEqual([]);
  });

  test("an emptied topic excuses only events that took effect at every consumer", async () => {
    await using other = await replayRun(
      run,
      inTopic(TOPICS.paymentProcessed, () => []),
    );
    using copy = copyRun(run, other);
    expect(await verify(copy)).toMatchObject({
      findings: [],
      notes: [expect.stringMatching(/^8 published events are not in their topic/)],
    });
    copy.change(
      "notifications",
      `UPDATE notified_events SET smsSentAt = NULL
       WHERE orderId = '${lastOrder()}' AND eventType <> 'ORDER_CREATED'`,
    );
    const { findings } = await verify(copy);
    expect(findings.map(({ rule, orderId }) => [rule, orderId])).toEqual([
      ["absent", lastOrder()],
      ["no-effect-notifications", lastOrder()],
    ]);
  });

  test("two events of a pruned order are doubled, one that was repeated is not", async () => {
    const [first] = run.orderIds as [string];
    await using other = await replayRun(
      run,
      inTopic(TOPICS.orderCreated, (records) => {
        const one = recordOf(TOPICS.orderCreated, first);
        return [...records, one, { ...one, headers: { ...one.headers, ce_id: "another" } }];
      }),
    );
    using copy = copyRun(run, other);
    copy.change("orders", `DELETE FROM outbox WHERE orderId = '${first}'`);
    expect(named(await verify(copy))).toContain(
      "doubled: order # has 2 different events in order_created, not one",
    );
  });

  test("numbers that a restore left out are no rows that were deleted", async () => {
    using copy = copyRun(run, broker);
    const pruned = "old rows were deleted from the outbox of orders.db";
    copy.change("orders", "UPDATE sqlite_sequence SET seq = seq + 100 WHERE name = 'outbox'");
    expect((await verify(copy)).notes).toEqual([pruned]);
    const noteRestore = (skipped: number) =>
      copy.change(
        "orders",
        "DELETE FROM operator_audit",
        `INSERT INTO operator_audit (at, action, target)
         VALUES ('now', 'RESTORE', '{"skippedOutboxIds":${skipped},"copiedAt":"before"}')`,
      );
    noteRestore(100);
    const restored = "orders.db was restored at now from a copy of before";
    expect(await verify(copy)).toMatchObject({ findings: [], notes: [restored] });
    noteRestore(99);
    expect((await verify(copy)).notes).toEqual([pruned, restored]);
  });

  test("a row that is gone is excused only when it is older than what is left", async () => {
    const without = async (at: number) => {
      using copy = copyRun(run, broker);
      copy.change("orders", `DELETE FROM outbox WHERE orderId = '${run.orderIds.at(at)}'`);
      copy.change("payments", `DELETE FROM outbox WHERE orderId = '${run.orderIds.at(at)}'`);
      return named(await verify(copy));
    };
    expect(await without(0)).toEqual([]);
    expect(await without(-1)).toEqual([
      "lost: order # has no ORDER_CREATED event in the outbox of orders.db",
      "lost: the payment of order # has no PAYMENT_SUCCEEDED event in the outbox of payments.db",
    ]);
  });

  test("a row that an operator discarded is no event that is missing anywhere", async () => {
    const id = lastOrder();
    await using other = await replayRun(
      run,
      inTopic(TOPICS.paymentProcessed, (records) => records.filter(({ key }) => key !== id)),
    );
    using copy = copyRun(run, other);
    copy.change("orders", `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`);
    copy.change(
      "notifications",
      `DELETE FROM notified_events WHERE orderId = '${id}' AND eventType <> 'ORDER_CREATED'`,
    );
    copy.change(
      "payments",
      `UPDATE outbox SET isPublished = 0, publishedAt = NULL, discardedAt = createdAt
       WHERE orderId = '${id}'`,
    );
    expect(await verify(copy)).toMatchObject({
      findings: [],
      notes: ["operators discarded 1 events of payments.db"],
    });
  });

  test("what waited behind a row of its key that was redriven or discarded came late, and nothing else", async () => {
    const records = recordsOf(TOPICS.orderCreated);
    const late = overtakable();
    await using other = await replayRun(
      run,
      inTopic(TOPICS.orderCreated, (all) => [...all.filter((one) => one.key !== late.key), late]),
    );
    const first = run.orderIds[0] as string;
    const later = records.find(
      ({ partition, offset }) => partition === late.partition && offset > late.offset,
    )?.key as string;
    const look = async (action: string, orderId: string, key = late.key, outboxId = "id") => {
      using copy = copyRun(run, other);
      copy.change(
        "orders",
        `UPDATE outbox SET partitionKey = '${key}' WHERE orderId = '${orderId}'`,
        `INSERT INTO operator_audit (at, action, target)
         SELECT '', '${action}', json_object('outboxId', ${outboxId}, 'eventId', eventId)
         FROM outbox WHERE orderId = '${orderId}'`,
      );
      return (await verify(copy)).counts["out-of-order"];
    };
    expect(await look("REDRIVE", first)).toBe(0);
    expect(await look("DISCARD", first)).toBe(0);
    expect(await look("PRUNE", first)).toBe(1);
    expect(await look("DISCARD", first, first)).toBe(1);
    expect(await look("DISCARD", first, late.key, "NULL")).toBe(1);
    expect(await look("REDRIVE", later)).toBe(1);
  });

  test("what an inbox forgot is excused when it is held or was discarded by its place, or old", async () => {
    const { partition, headers } = recordOf(TOPICS.orderCreated);
    const look = async (change: (copy: CopiedRun, offset: number) => void, laterMs = 0) => {
      using copy = copyRun(run, broker);
      const { offset } = recordOf(TOPICS.orderCreated);
      copy.change("payments", `DELETE FROM inbox WHERE eventId = '${headers.ce_id}'`);
      change(copy, offset);
      const report = await verify(copy, { now: () => Date.now() + laterMs });
      return report.findings.map(({ rule }) => rule);
    };
    const hold = (copy: CopiedRun, offset: number) =>
      copy.change(
        "payments",
        `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", headers,
           errorCode, lastError, attempts, heldAt)
         VALUES ('payment-service', 'PARKED', '${broker.clusterId}', 'order_created', ${partition},
           ${offset}, '{}', 'EVENT_MALFORMED', 'no id', 1, '2026-01-01T00:00:00.000Z')`,
      );
    const discard = (copy: CopiedRun, offset: number) =>
      copy.change(
        "payments",
        `INSERT INTO operator_audit (at, action, target) VALUES ('', 'DISCARD',
           '{"topic":"order_created","partition":${partition},"offset":${offset}}')`,
      );
    expect(await look(() => {})).toEqual(["passed-over-payments"]);
    expect(await look(hold)).toEqual(["held"]);
    expect(await look(discard)).toEqual([]);
    expect(await look((copy, offset) => discard(copy, offset + 1))).toEqual([
      "passed-over-payments",
    ]);
    expect(await look(() => {}, 25 * 3_600_000)).toEqual([]);
  });

  const doubleCharge = (copy: CopiedRun) =>
    copy.change(
      "provider-ledger",
      "INSERT INTO ledger (key, entry, recordedAt) SELECT 'x', entry, recordedAt FROM ledger LIMIT 1",
    );

  test("a ledger is looked for where it is said to be, and left out only when that is asked", async () => {
    using copy = copyRun(run, broker);
    doubleCharge(copy);
    expect((await verify(copy)).counts).toMatchObject({ doubled: 1 });
    const out = await verify(copy, { providerLedger: null, channelsLedger: null });
    expect(out).toMatchObject({ findings: [], leftOut: [] });
    const elsewhere = join(copy.dataDir, "elsewhere.db");
    renameSync(join(copy.dataDir, "provider-ledger.db"), elsewhere);
    rmSync(join(copy.dataDir, "channels-ledger.db"));
    expect(await verify(copy, { providerLedger: elsewhere })).toMatchObject({
      counts: { doubled: 1 },
      leftOut: [expect.stringMatching(/^the channels' ledger: there is no .*channels-ledger.db$/)],
    });
  });

  test("without the topics the databases are judged by themselves", async () => {
    using copy = copyRun(run, broker);
    const { headers } = recordOf(TOPICS.orderCreated);
    copy.change(
      "payments",
      `DELETE FROM payments WHERE orderId = '${lastOrder()}'`,
      `DELETE FROM inbox WHERE eventId = '${headers.ce_id}'`,
    );
    const report = await verify(copy, { brokers: undefined });
    expect(report).toMatchObject({ records: null, leftOut: [] });
    expect(named(report)).toEqual([
      "stuck: ORDER_CREATED of order #: payments.db has not applied it: there is no payment",
    ]);
  });

  test("topics that cannot be read at the second look are said, and findings stay", async () => {
    const other = await replayRun(run);
    using copy = copyRun(run, other);
    copy.change("orders", `UPDATE orders SET status = 'PENDING' WHERE id = '${lastOrder()}'`);
    let closed: Promise<void> | undefined;
    const report = await verify(copy, {
      recheckMs: 300,
      onProgress(what) {
        if (what === "reconciling") closed ??= other.close();
      },
    });
    await closed;
    expect(report.leftOut).toEqual([expect.stringMatching(/^the topics at the second look: /)]);
    expect(report).toMatchObject({ records: 2 * COUNT, counts: { lost: 1 } });
  });

  test("the command fails by what it found, and otherwise by what it could not check", async () => {
    using copy = copyRun(run, broker);
    const codeOf = async (...args: string[]) =>
      (await outbox(copy, "verify", "--settle", "0s", "--recheck", "0s", ...args)).exitCode;
    expect(await codeOf()).toBe(0);
    rmSync(join(copy.dataDir, "channels-ledger.db"));
    expect(await codeOf()).toBe(2);
    doubleCharge(copy);
    expect(await codeOf()).toBe(1);
    expect(await codeOf("--without-ledgers")).toBe(0);
  });
});
