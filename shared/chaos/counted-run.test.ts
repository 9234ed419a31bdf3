import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import type { DevBroker } from "@order-outbox/dev-broker";
import { databaseName, SERVICES, type ServiceName } from "@order-outbox/registry";
import {
  type CopiedRun,
  copyRun,
  type FinishedRun,
  finishRun,
  replayRun,
} from "@order-outbox/system";
import type { TopicRecord } from "@order-outbox/testing";
import type { Check } from "./checks.ts";
import type { Attempt } from "./client.ts";
import { countOrders } from "./count.ts";
import { pendingOrders, waitUntilDrained, waitUntilFinal } from "./settle.ts";
import { countEvents } from "./topics.ts";

const COUNT = 4;
let run: FinishedRun;
let broker: DevBroker;

describe.if(process.env.PROOF === "full")("the files of a run", () => {
  beforeAll(async () => {
    run = await finishRun(COUNT, { PAYMENT_SUCCESS_RATE: "1" });
    broker = await replayRun(run);
  });
  afterAll(async () => {
    await broker?.close();
    run?.[Symbol.dispose]();
  });

  const lastOrder = () => run.orderIds.at(-1) as string;
  const violationsOf = (checks: readonly Check[]) =>
    checks.flatMap(({ concern, violations }) =>
      violations.map((text) => `${concern}: ${text.replaceAll(lastOrder(), "ID")}`),
    );

  /** What the customers were told of the orders that are stored now. */
  function attemptsOf(copy: CopiedRun): Attempt[] {
    const orders = copy.value<string>(
      "orders",
      "SELECT json_group_array(json_array(id, customerId, amount)) FROM orders",
    );
    return (JSON.parse(orders) as [string, string, number][]).map(
      ([orderId, customerId, amount], number) => ({
        ...{ customerId: `${customerId}-${number}`, amount },
        outcome: { kind: "accepted", orderId },
      }),
    );
  }

  /** Each order has a customer of its own, as those of a run have. */
  function copyWithCustomers(): { copy: CopiedRun; attempts: Attempt[] } {
    const copy = copyRun(run, broker);
    const attempts = attemptsOf(copy);
    const statements = attempts.map(({ customerId, outcome }) =>
      outcome.kind === "accepted"
        ? `UPDATE orders SET customerId = '${customerId}' WHERE id = '${outcome.orderId}'`
        : "",
    );
    copy.change("orders", ...statements);
    return { copy, attempts };
  }

  type Spoil = (id: string) => string[];
  const SPOILT: [name: string, file: string, Spoil, violations: string[]][] = [
    ["nothing", "orders", () => [], []],
    [
      "an order that is gone",
      "orders",
      (id) => [`DELETE FROM orders WHERE id = '${id}'`],
      [
        "losses: order ID was answered 201 and is not stored",
        ...Array.from(
          { length: 7 },
          () => "duplicates: order ID was charged or announced, and is not stored",
        ),
      ],
    ],
    [
      "a status that contradicts its payment",
      "orders",
      (id) => [`UPDATE orders SET status = 'PAYMENT_FAILED' WHERE id = '${id}'`],
      ["duplicates: order ID is PAYMENT_FAILED, its charge ACCEPTED"],
    ],
    [
      "a charge that was made twice",
      "provider-ledger",
      (id) => [
        `INSERT INTO ledger (key, entry, recordedAt) SELECT 'another', entry, recordedAt
         FROM ledger WHERE entry ->> '$.orderId' = '${id}'`,
      ],
      ["duplicates: order ID has 2 charges"],
    ],
    [
      "a send that is gone",
      "channels-ledger",
      (id) => [
        "DROP TRIGGER ledger_keeps_entries",
        `DELETE FROM ledger WHERE key = 'order:${id}:payment/SMS'`,
      ],
      ["losses: order ID has 5 sends"],
    ],
    [
      "a send that was made twice",
      "channels-ledger",
      (id) => [
        `INSERT INTO ledger (key, entry, recordedAt) SELECT 'another/SMS', entry, recordedAt
         FROM ledger WHERE key = 'order:${id}:payment/SMS'`,
      ],
      ["duplicates: order ID has 7 sends"],
    ],
  ];

  test.each(SPOILT)("in the files of a run, %s is counted", (_, file, statements, violations) => {
    const { copy, attempts } = copyWithCustomers();
    using _copy = copy;
    copy.change(file, ...statements(lastOrder()));
    expect(violationsOf(countOrders(copy.dataDir, attempts))).toEqual(violations);
  });

  /** Where a world would have the files of a copy. */
  const worldOf = ({ dataDir }: CopiedRun) => ({
    services: Object.fromEntries(
      SERVICES.map((service) => [
        service.name,
        { databasePath: join(dataDir, `${databaseName(service)}.db`) },
      ]),
    ) as Record<ServiceName, { databasePath: string }>,
  });
  const LOOK_MS = 1;
  const { signal } = new AbortController();

  test("a run is at rest when all is final, published and announced, and not before", async () => {
    const isAtRest = async (file: string, ...statements: ((id: string) => string)[]) => {
      using copy = copyRun(run, broker);
      copy.change(file, ...statements.map((statement) => statement(lastOrder())));
      const world = worldOf(copy);
      return {
        pending: pendingOrders(world),
        final: await waitUntilFinal(world, LOOK_MS, signal),
        drained: await waitUntilDrained(world, LOOK_MS, signal),
      };
    };
    const rest = { pending: 0, final: true, drained: true };
    expect(await isAtRest("orders")).toEqual(rest);
    expect(
      await isAtRest("orders", (id) => `UPDATE orders SET status = 'PENDING' WHERE id = '${id}'`),
    ).toEqual({ ...rest, pending: 1, final: false });
    const busy = { ...rest, drained: false };
    const unpublish = (id: string) => `UPDATE outbox SET isPublished = 0 WHERE orderId = '${id}'`;
    const park = (id: string) => `UPDATE outbox SET parkedAt = '2026' WHERE orderId = '${id}'`;
    expect(await isAtRest("orders", unpublish)).toEqual(busy);
    expect(await isAtRest("payments", unpublish)).toEqual(busy);
    expect(await isAtRest("payments", unpublish, park)).toEqual(busy);
    for (const change of ["DELETE FROM", "UPDATE"]) {
      const set = change === "UPDATE" ? "SET smsSentAt = NULL" : "";
      expect(
        await isAtRest(
          "notifications",
          (id) => `${change} notified_events ${set}
            WHERE orderId = '${id}' AND eventType <> 'ORDER_CREATED'`,
        ),
      ).toEqual(busy);
    }
  });

  test("databases that cannot be read are not at rest", async () => {
    using copy = copyRun(run, broker);
    const world = worldOf({ ...copy, dataDir: join(copy.dataDir, "nowhere") });
    expect(pendingOrders(world)).toBeUndefined();
    expect(await waitUntilFinal(world, LOOK_MS, signal)).toBe(false);
    expect(await waitUntilDrained(world, LOOK_MS, signal)).toBe(false);
  });

  type Edit = (records: TopicRecord[], last: TopicRecord) => TopicRecord[];

  async function countWith(
    topic: string,
    edit: Edit,
    rebirths: readonly number[] = [],
    change: (copy: CopiedRun) => void = () => {},
  ) {
    await using other = await replayRun(run, (name, records) => {
      const last = records.find(({ key }) => key === lastOrder()) as TopicRecord;
      return name === topic ? edit(records, last) : records;
    });
    using copy = copyRun(run, other);
    change(copy);
    const { checks, ...counts } = await countEvents(other.address, copy.dataDir, rebirths);
    return { ...counts, violations: violationsOf(checks) };
  }

  const LATER_MS = 1_000_000;
  /** The last order's event goes out late, with the lowest number. */
  const late: Edit = (records, last) => [
    ...records.filter((one) => one !== last && one.partition !== last.partition),
    { ...last, headers: { ...last.headers, ce_id: "first", ce_sequence: "900" } },
    { ...last, timestamp: last.timestamp + LATER_MS },
  ];

  test("records that are sent again are no finding in the topics, and are counted", async () => {
    for (const topic of Object.values(TOPICS)) {
      expect(await countWith(topic, (records) => [...records, ...records.slice(0, 3)])).toEqual({
        ...{ records: 2 * COUNT + 3, repeats: 3 },
        violations: [],
      });
    }
  });

  test.each([
    [TOPICS.orderCreated, "orders"],
    [TOPICS.paymentProcessed, "payments"],
  ])(
    "in %s, second ids and what was overtaken are found, unless operators redrove it",
    async (topic, file) => {
      const { violations } = await countWith(topic, late);
      expect(violations).toEqual([
        `duplicates: order ID has 2 event ids in ${topic}`,
        expect.stringMatching(/^reorderings: out of order: \w+\/\d offset 1 has \d+ after 900$/),
      ]);
      const redriven = await countWith(topic, late, [], (copy) =>
        copy.change(
          file,
          `INSERT INTO operator_audit (at, action, target)
         SELECT '', 'REDRIVE', json_object('outboxId', id, 'eventId', eventId)
         FROM outbox WHERE orderId = '${lastOrder()}'`,
        ),
      );
      expect(redriven.violations).toEqual(violations.slice(0, 1));
    },
  );

  test("a payments database that was replaced counts anew, and an orders database does not", async () => {
    const last = run.records[TOPICS.paymentProcessed]?.at(-1) as TopicRecord;
    const rebirths = [last.timestamp + LATER_MS / 2];
    const reordered = async (topic: string) =>
      (await countWith(topic, late, rebirths)).violations.filter((text) =>
        text.startsWith("reorderings"),
      ).length;
    expect(await reordered(TOPICS.paymentProcessed)).toBe(0);
    expect(await reordered(TOPICS.orderCreated)).toBe(1);
  });

  test.each([
    ["stands later", "SET seq = seq + 1000"],
    ["was told later", "SET emailSentAt = '2999', smsSentAt = '2999', pushSentAt = '2999'"],
    ["was told later on one channel", "SET smsSentAt = '2999'"],
  ])("an order that %s than its payment is found", async (_, set) => {
    using copy = copyRun(run, broker);
    copy.change(
      "notifications",
      `UPDATE notified_events ${set} WHERE orderId = '${lastOrder()}' AND eventType = 'ORDER_CREATED'`,
    );
    const { checks } = await countEvents(broker.address, copy.dataDir, []);
    expect(violationsOf(checks)).toEqual([
      "reorderings: the payment of order ID was announced before the order",
    ]);
  });
});
