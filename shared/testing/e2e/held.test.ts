import { expect, test } from "bun:test";
import { type AnyEvent, EVENTS, encodeEvent, newEventId, originOf } from "@order-outbox/contracts";
import { Kafka, logLevel } from "kafkajs";
import { hangAt, startSystem, waitFor } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

/** Publishes events as a foreign producer would, into the partition of their key. */
async function publish(kafkaHost: string, events: readonly AnyEvent[]): Promise<void> {
  const producer = new Kafka({
    brokers: kafkaHost.split(","),
    logLevel: logLevel.NOTHING,
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (const event of events) {
    await producer.send({ topic: EVENTS[event.type].topic, messages: [encodeEvent(event)] });
  }
  await producer.disconnect();
}

async function heldAt(url: string): Promise<Record<string, number>> {
  const report = (await (await fetch(`${url}/health`)).json()) as {
    checks: { inbox: { held: Record<string, number> } };
  };
  return report.checks.inbox.held;
}

function eventsOfOneOrder(): [AnyEvent, AnyEvent] {
  const orderId = crypto.randomUUID();
  const data = { orderId, customerId: "customer-1", amount: 10 };
  const metadata = { time: new Date().toISOString(), subject: orderId };
  return [
    {
      ...metadata,
      id: newEventId(),
      source: originOf("ORDER_CREATED").source,
      type: "ORDER_CREATED",
      data,
    },
    {
      ...metadata,
      id: newEventId(),
      source: originOf("PAYMENT_SUCCEEDED").source,
      type: "PAYMENT_SUCCEEDED",
      data: { ...data, transactionId: "txn_1" },
    },
  ];
}

test("a payment result that reaches notification-service before its order waits for it", async () => {
  await using system = await startSystem({ env });
  await system.payment.stop();
  const [created, paid] = eventsOfOneOrder();
  await publish(system.kafkaHost, [paid]);
  await waitFor(async () => (await heldAt(system.notification.url)).WAITING === 1, {
    what: "the result to wait",
  });
  expect(await system.notifications()).toEqual([]);

  await publish(system.kafkaHost, [created]);
  const sent = await waitFor(
    async () => {
      const all = await system.notifications(created.subject);
      return all.length === 6 && all;
    },
    { what: "six notifications" },
  );
  expect(sent.map(({ eventType }) => eventType)).toEqual([
    ...Array(3).fill("PAYMENT_SUCCEEDED"),
    ...Array(3).fill("ORDER_CREATED"),
  ]);
  expect(await heldAt(system.notification.url)).toEqual({});
});

test.if(fullProof)(
  "a worker that hangs ends its process, and what it left is published",
  async () => {
    await using system = await startSystem({ env });
    await system.order.stop();
    await system.order.start(hangAt("order-outbox.relay", "read"));
    await placeOrders(system, 1);
    expect(await system.order.process.exited).toBe(1);
    expect(system.order.process.lines.join("\n")).toContain("no sign of life");
    await system.order.start();
    await waitUntilSettled(system, 1);
    await expectClean(system, 1);
  },
);
