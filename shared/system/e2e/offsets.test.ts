import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { killableBroker, tempDir, waitFor } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { type System, startSystem } from "../mod.ts";
import { fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

interface Health {
  status: number;
  inbox: { ok: boolean; reason?: string };
}

async function healthOf(url: string): Promise<Health> {
  const response = await fetch(`${url}/health`);
  const { checks } = (await response.json()) as { checks: { inbox: Health["inbox"] } };
  return { status: response.status, inbox: checks.inbox };
}

test.if(fullProof)(
  "offsets that the same cluster no longer has stop their partitions until an operator decides",
  async () => {
    await using system = await startSystem({ env });
    await placeOrders(system, 60);
    await waitUntilSettled(system, 60);

    system.payment.process.kill("SIGSTOP");
    await placeOrders(system, 60);
    await waitFor(async () => (await system.readTopic(TOPICS.orderCreated)).length === 120, {
      what: "the events to be published",
    });
    const admin = new Kafka({
      brokers: system.kafkaHost.split(","),
      logLevel: logLevel.NOTHING,
    }).admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(TOPICS.orderCreated);
    await admin.deleteTopicRecords({
      topic: TOPICS.orderCreated,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
    await admin.disconnect();
    system.payment.process.kill("SIGCONT");

    const stopped = await waitFor(
      async () => {
        const health = await healthOf(system.payment.url);
        return health.status === 503 && health;
      },
      { what: "payment-service to say that it stopped", timeoutMs: 20_000 },
    );
    expect(stopped.inbox.reason).toMatch(/order_created\/\d at \d+/);
    // A fetch that waited at the broker may have got the first of the new records.
    const before = (await system.payments()).length;
    expect(before).toBeLessThan(120);

    using db = new Database(system.payment.databasePath, { strict: true });
    db.run("PRAGMA busy_timeout = 5000");
    for (const { partition } of ends) {
      db.run(
        "INSERT INTO operator_requests (kind, target, requestedAt) VALUES ('RESET_OFFSET', ?, '')",
        [JSON.stringify({ topic: TOPICS.orderCreated, partition, to: "earliest" })],
      );
    }
    await waitFor(async () => (await healthOf(system.payment.url)).status === 200, {
      what: "payment-service to go on",
      timeoutMs: 20_000,
    });
    const later = await placeOrders(system, 5);
    await waitFor(
      async () => {
        const paid = new Set((await system.payments()).map(({ orderId }) => orderId));
        return later.every((id) => paid.has(id));
      },
      { what: "new orders to be paid" },
    );
    expect(await system.payments()).toHaveLength(before + 5);
  },
);

/** What the outside world has recorded: so often for each order, and for no other. */
function expectOncePerOrder(
  { dataDir }: System,
  ledger: string,
  orders: readonly string[],
  times: number,
): void {
  using db = new Database(join(dataDir, ledger), { readonly: true });
  const counts = db
    .query("SELECT entry ->> '$.orderId', count(*) FROM ledger GROUP BY 1 ORDER BY 1")
    .values();
  expect(counts).toEqual(orders.toSorted().map((id) => [id, times]));
}

/** A system that has settled 50 orders, and whose broker `loseData` replaces by an empty one. */
async function withLosingBroker(
  prove: (system: System, loseData: () => Promise<void>) => Promise<void>,
): Promise<void> {
  using folder = tempDir();
  await using broker = await killableBroker(folder.path);
  await broker.start();
  await using system = await startSystem({ kafkaHost: broker.kafkaHost, env });
  await placeOrders(system, 50);
  await waitUntilSettled(system, 50);
  await prove(system, async () => {
    await broker.kill();
    rmSync(`${folder.path}/broker`, { recursive: true });
    await broker.start();
  });
}

test.if(fullProof && !process.env.REAL_KAFKA)(
  "a broker that lost its data is another cluster: all start over, and nothing is doubled",
  () =>
    withLosingBroker(async (system, loseData) => {
      await loseData();
      await placeOrders(system, 50);
      await waitUntilSettled(system, 100);

      const orders = (await system.orders()).map(({ id }) => id);
      expectOncePerOrder(system, "provider-ledger.db", orders, 1);
      expectOncePerOrder(system, "channels-ledger.db", orders, 6);
      expect(await system.readTopic(TOPICS.orderCreated)).toHaveLength(50);
    }),
);

test.if(fullProof && !process.env.REAL_KAFKA)(
  "a consumer that slept while its broker lost its data misses none of what came since",
  () =>
    withLosingBroker(async (system, loseData) => {
      const sleepers = [system.payment, system.notification];
      for (const { process } of sleepers) process.kill("SIGSTOP");
      await loseData();
      // Every partition has more records than the sleepers have read of the lost one.
      await placeOrders(system, 150);
      await waitFor(async () => (await system.readTopic(TOPICS.orderCreated)).length === 150, {
        what: "the events to be published",
      });
      for (const { process } of sleepers) process.kill("SIGCONT");
      await waitUntilSettled(system, 200);

      const orders = (await system.orders()).map(({ id }) => id);
      expect(orders).toHaveLength(200);
      expectOncePerOrder(system, "provider-ledger.db", orders, 1);
      expectOncePerOrder(system, "channels-ledger.db", orders, 6);
    }),
);
