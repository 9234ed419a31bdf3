import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { TOPICS } from "@order-outbox/contracts";
import { crashAt, rejectionOf, waitFor } from "@order-outbox/testing";
import { firstDeliveries, type ServiceProcess, type System, startSystem } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

/** Starts a service so that it dies at a step, sends an order, and starts it plainly again. */
async function crashDuringOneOrder(
  system: System,
  service: ServiceProcess,
  crash: Record<string, string>,
): Promise<void> {
  await service.stop();
  await service.start(crash);
  const orderId = await system.createOrder();
  expect(await service.process.exited).toBe(137);
  await service.start();
  await waitUntilSettled(system, 1);
  expect((await system.getOrder(orderId)).status).not.toBe("PENDING");
}

test("killed after the broker's ack and before the mark, the same event id is published again", async () => {
  await using system = await startSystem({ env });
  await crashDuringOneOrder(system, system.order, crashAt("order-outbox.relay", "acknowledged"));
  const audit = await expectClean(system, 1);
  expect(audit.repeatsOnTheWire).toBe(1);
  const records = await system.readTopic(TOPICS.orderCreated);
  expect(new Set(records.map(({ headers }) => headers.ce_id)).size).toBe(1);
  expect(records).toHaveLength(2);
});

test.if(fullProof)(
  "killed after sending and before any answer, every order is published and worked once",
  async () => {
    await using system = await startSystem({ env });
    await crashDuringOneOrder(system, system.order, crashAt("order-outbox.relay", "sent"));
    await expectClean(system, 1);
  },
);

test.if(fullProof)(
  "killed in the middle of a backlog, the rest follows in order and nothing is worked twice",
  async () => {
    await using system = await startSystem({ env });
    await system.order.stop();
    await system.order.start(crashAt("order-outbox.relay", "acknowledged", 3));
    // One after the other until nobody answers any more: several rounds of the relay.
    await rejectionOf(placeOrders(system, 10_000, 2));
    expect(await system.order.process.exited).toBe(137);
    await system.order.start();
    const orders = (await system.orders()).length;
    expect(orders).toBeGreaterThan(0);
    await waitUntilSettled(system, orders);
    await expectClean(system, orders);
  },
);

test.if(fullProof)("killed during a migration, a service starts again and works", async () => {
  await using system = await startSystem({ env });
  await system.payment.stop();
  rmDatabase(system.payment.databasePath);
  expect(
    String(await rejectionOf(system.payment.start(crashAt("order-outbox.migration", "inside", 2)))),
  ).toContain("137");
  await system.payment.start();
  await placeOrders(system, 5);
  await waitUntilSettled(system, 5);
  await expectClean(system, 5);
});

for (const step of fullProof ? ["received", "prepared", "inside", "committed"] : ["prepared"]) {
  test(`payment-service killed when an event is ${step}: one charge, one payment, one result`, async () => {
    await using system = await startSystem({ env });
    await crashDuringOneOrder(system, system.payment, crashAt("order-outbox.inbox", step));
    await expectClean(system, 1);
  });
}

test.if(fullProof)(
  "notification-service killed after its sends and before COMMIT sends nothing twice",
  async () => {
    await using system = await startSystem({ env });
    await crashDuringOneOrder(
      system,
      system.notification,
      crashAt("order-outbox.inbox", "prepared"),
    );
    await expectClean(system, 1);
  },
);

test.if(fullProof)(
  "services killed at random under load lose, double and reorder nothing",
  async () => {
    await using system = await startSystem({ env });
    const orders = placeOrders(system, 300, 4);
    for (const service of [system.payment, system.notification, system.payment]) {
      await service.restart();
    }
    await orders;
    await system.order.restart();
    await waitUntilSettled(system, 300);
    await expectClean(system, 300);
  },
);

test.if(fullProof)(
  "a payments database that is lost is worked again without a second charge or event id",
  async () => {
    await using system = await startSystem({ env });
    await placeOrders(system, 50);
    await waitUntilSettled(system, 50);
    const before = await system.readTopic(TOPICS.paymentProcessed);

    await system.payment.stop();
    rmDatabase(system.payment.databasePath);
    await system.payment.start();
    await waitUntilPaidAgain(system, 50);

    await expectClean(system, 50);
    const after = await system.readTopic(TOPICS.paymentProcessed);
    expect(after).toHaveLength(2 * before.length);
    const ids = (records: typeof after) =>
      firstDeliveries(records).map(({ headers }) => headers.ce_id);
    expect(ids(after).sort()).toEqual(ids(before).sort());
  },
);

function rmDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}

async function waitUntilPaidAgain(system: System, orders: number): Promise<void> {
  await waitFor(
    async () => (await system.readTopic(TOPICS.paymentProcessed)).length === 2 * orders,
    { what: "the results to be published again", timeoutMs: 20_000, intervalMs: 100 },
  );
}
