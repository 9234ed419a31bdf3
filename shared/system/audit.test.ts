import { afterAll, beforeAll, expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import type { DevBroker } from "@order-outbox/dev-broker";
import type { TopicRecord } from "@order-outbox/testing";
import { auditSystem } from "./audit.ts";
import { outOfOrder } from "./first-deliveries.ts";
import { redrivenEvents } from "./redriven-events.ts";
import { type CopiedRun, copyRun, type FinishedRun, finishRun, replayRun } from "./test-run.ts";
import { NOBODYS, ofOrder, SPOILT } from "./test-spoilt-files.ts";

const COUNT = 4;
let run: FinishedRun;
/** Shared by the tests that leave the topics as they are. */
let broker: DevBroker;

beforeAll(async () => {
  run = await finishRun(COUNT, { PAYMENT_SUCCESS_RATE: "1" });
  broker = await replayRun(run);
});
afterAll(async () => {
  await broker?.close();
  run?.[Symbol.dispose]();
});

/** What the audit finds, the order that was tampered with as ID, and other UUIDs as #. */
async function auditOf(copy: Pick<CopiedRun, "dataDir" | "kafkaHost">, id: string) {
  const { findings, ...rest } = await auditSystem(copy);
  const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/g;
  return {
    ...rest,
    findings: findings.map((text) => text.replaceAll(id, "ID").replace(UUID, "#")),
  };
}

const lastOrder = () => run.orderIds.at(-1) as string;

test("a healthy system has nothing that the audit finds", async () => {
  using copy = copyRun(run, broker);
  expect(await auditSystem(copy)).toEqual({ orders: COUNT, findings: [], repeatsOnTheWire: 0 });
});

test.each(SPOILT)("%s is found, and nothing else", async (_, file, statements, findings) => {
  using copy = copyRun(run, broker);
  copy.change(file, ...statements(lastOrder()));
  expect((await auditOf(copy, lastOrder())).findings).toEqual(findings);
});

type Edit = (records: TopicRecord[], last: TopicRecord) => TopicRecord[];

/** What the audit finds when the records of a topic are others; `last` is that of the last order. */
async function auditWith(topic: string, edit: Edit, change: (copy: CopiedRun) => void = () => {}) {
  await using other = await replayRun(run, (name, records) => {
    const last = records.find(({ key }) => key === lastOrder()) as TopicRecord;
    return name === topic ? edit(records, last) : records;
  });
  using copy = copyRun(run, other);
  change(copy);
  return await auditOf(copy, lastOrder());
}

const withId = (record: TopicRecord, headers: Record<string, string>): TopicRecord => ({
  ...record,
  headers: { ...record.headers, ce_id: "another", ce_sequence: "1000", ...headers },
});
const without = (records: TopicRecord[], one: TopicRecord) =>
  records.filter((record) => record !== one);

const REWRITTEN: [name: string, topic: string, Edit, findings: string[]][] = [
  [
    "an order's event that is lost",
    TOPICS.orderCreated,
    without,
    ["lost: order ID has 0 of 1 ORDER_CREATED events"],
  ],
  [
    "a result that is lost",
    TOPICS.paymentProcessed,
    without,
    ["lost: order ID has 0 of 1 payment result events"],
  ],
  [
    "a second event of an order",
    TOPICS.orderCreated,
    (records, last) => [...records, withId(last, {})],
    ["doubled: order ID has 2 of 1 ORDER_CREATED events"],
  ],
  [
    "a second result of an order",
    TOPICS.paymentProcessed,
    (records, last) => [...records, withId(last, {})],
    ["doubled: order ID has 2 of 1 payment result events"],
  ],
  [
    "a result that contradicts its payment",
    TOPICS.paymentProcessed,
    (records, last) =>
      records.map((one) => (one === last ? withId(last, { ce_type: "PAYMENT_FAILED" }) : one)),
    ["contradicting: the payment of order ID SUCCEEDED, its event PAYMENT_FAILED"],
  ],
  [
    "an event of an order that nobody placed",
    TOPICS.orderCreated,
    (records, last) => [...records, { ...withId(last, {}), key: NOBODYS }],
    ["invented: an ORDER_CREATED event of order #, which is not stored"],
  ],
];

test.each(REWRITTEN)(
  "%s is found in its topic, and nothing else",
  async (_, topic, edit, findings) => {
    expect((await auditWith(topic, edit)).findings).toEqual(findings);
  },
);

test("a failed payment is none of them, and neither is a record that was sent again", async () => {
  const audit = await auditWith(
    TOPICS.paymentProcessed,
    (records, last) => {
      const failed = { ...last, headers: { ...last.headers, ce_type: "PAYMENT_FAILED" } };
      return [
        ...records.map((one) => (one === last ? failed : one)),
        failed,
        ...records.slice(0, 1),
      ];
    },
    (copy) => {
      const id = lastOrder();
      copy.change("orders", `UPDATE orders SET status = 'PAYMENT_FAILED' WHERE id = '${id}'`);
      copy.change("payments", `UPDATE payments SET status = 'FAILED' WHERE orderId = '${id}'`);
      copy.change(
        "provider-ledger",
        "DROP TRIGGER ledger_keeps_words",
        `UPDATE ledger SET entry = json_set(entry, '$.result.outcome', 'DECLINED')
         WHERE ${ofOrder(id)}`,
      );
    },
  );
  expect(audit).toEqual({ orders: COUNT, findings: [], repeatsOnTheWire: 2 });
});

test.each([
  [TOPICS.orderCreated, "orders"],
  [TOPICS.paymentProcessed, "payments"],
])(
  "in %s, what overtook others of its partition is found, unless operators redrove those",
  async (topic, file) => {
    const overtaking: Edit = (records, last) => [
      ...without(records, last),
      withId(last, { ce_id: "early", ce_sequence: "1001" }),
      withId(last, { ce_id: last.headers.ce_id as string }),
    ];
    const { findings } = await auditWith(topic, overtaking);
    expect(findings).toEqual([
      expect.stringContaining("doubled: order ID has 2"),
      expect.stringMatching(/^out of order: \w+\/\d offset \d+ has 1000 after 1001$/),
    ]);
    const excused = await auditWith(topic, overtaking, (copy) =>
      copy.change(file, operatorDid("REDRIVE", lastOrder())),
    );
    expect(excused.findings).toEqual(findings.slice(0, 1));
  },
);

const operatorDid = (action: string, orderId: string, outboxId = "id") =>
  `INSERT INTO operator_audit (at, action, target)
   SELECT '', '${action}', json_object('outboxId', ${outboxId}, 'eventId', eventId)
   FROM outbox WHERE orderId = '${orderId}'`;

test("a redrive excuses its event and what waited behind it, a discard only the latter", () => {
  const [first, second, third] = run.orderIds as [string, string, string];
  const eventOf = (id: string) =>
    run.records[TOPICS.orderCreated]?.find(({ key }) => key === id)?.headers.ce_id as string;
  const excusedBy = (...statements: string[]) => {
    using copy = copyRun(run, broker);
    // The second waits behind the first, and the third for itself.
    copy.change(
      "orders",
      `UPDATE outbox SET partitionKey = '${first}' WHERE orderId = '${second}'`,
      ...statements,
    );
    return [...redrivenEvents(copy.dataDir)].toSorted();
  };
  const sorted = (...ids: string[]) => ids.map(eventOf).toSorted();
  expect(excusedBy()).toEqual([]);
  expect(excusedBy(operatorDid("REDRIVE", first))).toEqual(sorted(first, second));
  expect(excusedBy(operatorDid("DISCARD", first))).toEqual(sorted(second));
  expect(excusedBy(operatorDid("REDRIVE", second))).toEqual(sorted(second));
  expect(excusedBy(operatorDid("DISCARD", third))).toEqual([]);
  // A held event of an inbox is no row of the outbox.
  expect(excusedBy(operatorDid("REDRIVE", first, "NULL"))).toEqual([]);
});

test("each partition has an order of its own, and only first deliveries have one", () => {
  const at = (partition: number, offset: number, sequence: number, id = `${sequence}`) => ({
    ...{ partition, offset, key: null, value: null, timestamp: 0 },
    headers: { ce_id: id, ce_sequence: `${sequence}` },
  });
  expect(outOfOrder("t", [at(0, 0, 5), at(1, 0, 3), at(0, 1, 6), at(0, 2, 5)])).toEqual([]);
  expect(outOfOrder("t", [at(0, 0, 5), at(0, 1, 3), at(0, 2, 4)])).toEqual([
    "out of order: t/0 offset 1 has 3 after 5",
    "out of order: t/0 offset 2 has 4 after 5",
  ]);
  expect(outOfOrder("t", [at(0, 0, 5), at(0, 1, 5, "same number")])).toHaveLength(1);
  expect(outOfOrder("t", [at(0, 0, 5), at(0, 1, 3)], new Set(["3"]))).toEqual([]);
});

test("a file or a topic that is not there is no clean audit", async () => {
  using copy = copyRun(run, broker);
  await expect(auditSystem({ ...copy, dataDir: `${copy.dataDir}/nowhere` })).rejects.toThrow(
    "cannot audit",
  );
  await using empty = await replayRun(run, () => []);
  const { findings } = await auditSystem({ dataDir: copy.dataDir, kafkaHost: empty.address });
  expect(findings).toHaveLength(2 * COUNT);
});
