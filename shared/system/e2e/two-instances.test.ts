import { expect, test } from "bun:test";
import { freePort, waitFor } from "@order-outbox/testing";
import { type ServiceProcess, serviceProcess, startSystem, systemClient } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

test.if(fullProof)(
  "two order-services on one database publish nothing twice and keep order while one dies again and again",
  async () => {
    await using system = await startSystem({ env });
    await using second = serviceProcess("order-service", {
      port: await freePort(),
      databasePath: system.order.databasePath,
      kafkaHost: system.kafkaHost,
      env,
    });
    await second.start();
    const other = {
      ...system,
      ...systemClient({
        order: second.url,
        payment: system.payment.url,
        notification: system.notification.url,
      }),
    };

    await Promise.all([placeOrders(system, 150, 4), placeOrders(other, 150, 4)]);
    await waitUntilSettled(system, 300);
    expect((await expectClean(system, 300)).repeatsOnTheWire).toBe(0);

    let orders = 300;
    for (let round = 0; round < 10; round++) {
      const [victim, survivor] = round % 2 === 0 ? [system.order, other] : [second, system];
      const placed = placeOrders(survivor, 20, 4);
      await victim.kill();
      await placed;
      orders += 20;
      await waitUntilSettled(system, orders);
      await victim.start();
    }
    await expectClean(system, orders);
    await waitFor(
      async () => {
        const [a, b] = await Promise.all([isStandby(system.order), isStandby(second)]);
        return a !== b;
      },
      { what: "one of the two to stand by" },
    );
  },
);

test.if(fullProof)("an instance that leaves hands the lease over at once", async () => {
  await using system = await startSystem({ env });
  await using second = serviceProcess("order-service", {
    port: await freePort(),
    databasePath: system.order.databasePath,
    kafkaHost: system.kafkaHost,
    env,
  });
  await second.start();
  await waitFor(() => isStandby(second), { what: "the second one to stand by" });
  expect(await system.order.stop()).toBe(0);
  const survivor = systemClient({
    order: second.url,
    payment: system.payment.url,
    notification: system.notification.url,
  });
  await survivor.createOrder();
  await waitUntilSettled(system, 1);
  await expectClean(system, 1);
});

async function isStandby({ url }: ServiceProcess): Promise<boolean> {
  const report = (await (await fetch(`${url}/health`)).json()) as {
    checks: { outbox: { standby: boolean } };
  };
  return report.checks.outbox.standby;
}
