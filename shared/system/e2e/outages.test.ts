import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import {
  freePort,
  killableBroker,
  REPOSITORY,
  startProcess,
  tempDir,
  waitFor,
} from "@order-outbox/testing";
import { startSystem } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

test.if(fullProof)(
  "orders accepted with no broker in sight are all worked once it appears",
  async () => {
    using folder = tempDir();
    await using broker = await killableBroker(folder.path);
    await using system = await startSystem({ kafkaHost: broker.kafkaHost, env });
    await placeOrders(system, 100);
    expect((await system.orders()).every(({ status }) => status === "PENDING")).toBe(true);
    await broker.start();
    await waitUntilSettled(system, 100);
    await expectClean(system, 100);
  },
);

/** With a broker that can be killed for true, all of them: that run is made for them. */
const always = fullProof || Boolean(process.env.REAL_KAFKA);

test("an outage of many failed rounds charges and parks nothing, and drains in order", async () => {
  using folder = tempDir();
  await using broker = await killableBroker(folder.path);
  await using system = await startSystem({
    kafkaHost: broker.kafkaHost,
    env: { ...env, OUTBOX_BACKOFF_MAX_MS: fullProof ? "600" : "20" },
  });
  const orders = fullProof ? 1_000 : 200;
  await placeOrders(system, orders);
  const failedRounds = async () => {
    const { outbox } = (await checksOf(system.order.url)) as { outbox: { failures: number } };
    return outbox.failures;
  };
  await waitFor(async () => (await failedRounds()) >= (fullProof ? 100 : 10), {
    what: "rounds to fail",
    timeoutMs: 120_000,
    intervalMs: 100,
  });
  await broker.start();
  await waitUntilSettled(system, orders);
  const audit = await expectClean(system, orders);
  expect(audit.repeatsOnTheWire).toBe(0);
  using db = new Database(system.order.databasePath, { readonly: true });
  expect(
    db.query("SELECT sum(attempts) AS attempts, count(parkedAt) AS parked FROM outbox").get(),
  ).toEqual({ attempts: 0, parked: 0 });
});

test.if(always)("a broker killed under load loses nothing that it acknowledged", async () => {
  using folder = tempDir();
  await using broker = await killableBroker(folder.path);
  await broker.start();
  await using system = await startSystem({ kafkaHost: broker.kafkaHost, env });
  const orders = placeOrders(system, 400, 4);
  for (const published of [50, 200]) {
    await waitFor(
      async () => (await system.orders()).filter((o) => o.status !== "PENDING").length > published,
      { what: `more than ${published} orders to be final`, timeoutMs: 30_000, intervalMs: 20 },
    );
    await broker.kill();
    await broker.start();
  }
  await orders;
  await waitUntilSettled(system, 400);
  await expectClean(system, 400);
});

test.if(fullProof)(
  "a second payment-service with another database refuses, says why, and the first goes on",
  async () => {
    using folder = tempDir();
    await using system = await startSystem({ env });
    await placeOrders(system, 5);
    await waitUntilSettled(system, 5);

    await using intruder = await startIntruder(system.kafkaHost, folder.path);
    const line = await intruder.process.waitForLine("already works for another database");
    expect(line).toContain("payment-service");
    expect(await checksOf(intruder.url)).toMatchObject({
      inbox: { ok: false, consumer: "refused" },
    });

    await placeOrders(system, 20);
    await waitUntilSettled(system, 25);
    // It does not take the place of the first while that one starts again.
    await system.payment.stop();
    await waitFor(
      async () => JSON.stringify(await checksOf(intruder.url)).includes("a moment ago"),
      {
        what: "the intruder to see that nobody is there",
        timeoutMs: 20_000,
      },
    );
    await system.payment.start();
    await placeOrders(system, 20);
    await waitUntilSettled(system, 45);
    await expectClean(system, 45);
    expect(await checksOf(system.payment.url)).toMatchObject({ inbox: { ok: true } });
    expect(await checksOf(intruder.url)).toMatchObject({ inbox: { consumer: "refused" } });
    expect(await system.readTopic(TOPICS.paymentProcessed)).toHaveLength(45);
  },
);

async function startIntruder(kafkaHost: string, folder: string) {
  const port = await freePort();
  const child = startProcess(
    [process.execPath, `${REPOSITORY}/services/payment-service/src/main.ts`],
    {
      stdin: "pipe",
      env: {
        PORT: String(port),
        KAFKA_HOST: kafkaHost,
        DATABASE_PATH: `${folder}/other.db`,
        LOG_FORMAT: "json",
        ORDER_OUTBOX_PARENT_PIPE: "1",
      },
    },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function checksOf(url: string): Promise<unknown> {
  const report = (await (await fetch(`${url}/health`)).json()) as { checks: unknown };
  return report.checks;
}
