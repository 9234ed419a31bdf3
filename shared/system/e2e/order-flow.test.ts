import { expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import { startSystem } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

test("an order travels to its payment, its notifications and back to a final status", async () => {
  await using system = await startSystem();
  const orderId = await system.createOrder({ customerId: "Grüße 🙂", amount: 99.99 });
  await waitUntilSettled(system, 1);

  const order = await system.getOrder(orderId);
  const payments = await system.payments(orderId);
  expect(payments).toHaveLength(1);
  expect(order).toMatchObject({
    id: orderId,
    customerId: "Grüße 🙂",
    amount: 99.99,
    status: payments[0]?.status === "SUCCEEDED" ? "PAID" : "PAYMENT_FAILED",
  });
  const notifications = await system.notifications(orderId);
  expect(notifications.map(({ eventType, channel }) => `${eventType} ${channel}`).sort()).toEqual(
    ["ORDER_CREATED", `PAYMENT_${payments[0]?.status}`]
      .flatMap((type) => ["EMAIL", "PUSH", "SMS"].map((channel) => `${type} ${channel}`))
      .sort(),
  );

  const [record] = await system.readTopic(TOPICS.orderCreated);
  expect(record).toMatchObject({
    key: orderId,
    headers: {
      ce_specversion: "1.0",
      ce_type: "ORDER_CREATED",
      ce_source: "/order-service",
      ce_subject: orderId,
      ce_sequence: "1",
      "content-type": "application/json",
    },
  });
  expect(JSON.parse(record?.value ?? "")).toEqual({
    orderId,
    customerId: "Grüße 🙂",
    amount: 99.99,
  });
  await expectClean(system, 1);
});

test("each of many orders is charged, announced and notified once, and nine in ten are paid", async () => {
  const orders = fullProof ? 2_000 : 400;
  await using system = await startSystem({ env: { LOG_LEVEL: "warn" } });
  await placeOrders(system, orders, 32);
  await waitUntilSettled(system, orders);
  const audit = await expectClean(system, orders);
  expect(audit.repeatsOnTheWire).toBe(0);
  const paid = (await system.orders()).filter(({ status }) => status === "PAID").length;
  // 87 to 93 % of 2,000; of fewer, chance moves the share further.
  const spread = fullProof ? 0.03 : 0.08;
  expect(paid / orders).toBeWithin(0.9 - spread, 0.9 + spread);
});

test.if(fullProof)(
  "a stopped system exits with 0 and has all its data when it starts again",
  async () => {
    await using system = await startSystem({ env: { LOG_LEVEL: "warn" } });
    await placeOrders(system, 20);
    await waitUntilSettled(system, 20);
    const services = [system.order, system.payment, system.notification];
    expect(await Promise.all(services.map((service) => service.stop()))).toEqual([0, 0, 0]);
    await Promise.all(services.map((service) => service.start()));
    await placeOrders(system, 20);
    await waitUntilSettled(system, 40);
    const audit = await expectClean(system, 40);
    expect(audit.repeatsOnTheWire).toBe(0);
  },
);
