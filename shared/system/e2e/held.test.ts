import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type AnyEvent, EVENTS, type EventType } from "@order-outbox/contracts";
import { encodeEvent, newEventId } from "@order-outbox/events";
import { hangAt, waitFor } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { outboxJson, startSystem } from "../mod.ts";
import { expectClean, fullProof, placeOrders, waitUntilSettled } from "./support.ts";

const env = { LOG_LEVEL: "warn" };

/** Publishes events as a foreign producer would, into the partition of their key. */
async function publish(kafkaHost: string, events: readonly AnyEvent[]): Promise<void> {
  const producer = new Kafka({
    brokers: kafkaHost.split(","),
    logLevel: logLevel.NOTHING,
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const byTopic = Map.groupBy(events, ({ type }) => EVENTS.definitions[type].topic);
  for (const [topic, all] of byTopic) {
    await producer.send({ topic, messages: all.map((event) => encodeEvent(EVENTS, event)) });
  }
  await producer.disconnect();
}

async function heldAt(url: string): Promise<Record<string, number>> {
  const report = (await (await fetch(`${url}/health`)).json()) as {
    checks: { inbox: { held: Record<string, number> } };
  };
  return report.checks.inbox.held;
}

type Result =
  | { type: "PAYMENT_SUCCEEDED"; data: { transactionId: string } }
  | { type: "PAYMENT_FAILED"; data: { reason: string } };

/** An order, and the result of its payment. */
function eventsOfOneOrder(result: Result): [AnyEvent, AnyEvent] {
  const orderId = crypto.randomUUID();
  const order = { orderId, customerId: "customer-1", amount: 10 };
  const metadata = (type: EventType) => ({
    id: newEventId(),
    source: EVENTS.originOf(type).source ?? "",
    time: new Date().toISOString(),
    subject: orderId,
  });
  return [
    { ...metadata("ORDER_CREATED"), type: "ORDER_CREATED", data: order },
    { ...metadata(result.type), ...result, data: { ...order, ...result.data } } as AnyEvent,
  ];
}

test("a payment result that reaches notification-service before its order waits for it", async () => {
  await using system = await startSystem({ env });
  await system.payment.stop();
  const [created, paid] = eventsOfOneOrder({
    type: "PAYMENT_SUCCEEDED",
    data: { transactionId: "txn_1" },
  });
  const [refused, failed] = eventsOfOneOrder({
    type: "PAYMENT_FAILED",
    data: { reason: "card declined" },
  });
  await publish(system.kafkaHost, [paid, failed]);
  await waitFor(
    async () =>
      (await heldAt(system.notification.url)).WAITING === 2 ||
      (await system.notifications()).length > 0,
    { what: "the results to wait" },
  );
  expect(await system.notifications()).toEqual([]);

  await publish(system.kafkaHost, [created, refused]);
  for (const { subject, type } of [paid, failed]) {
    const sent = await waitFor(
      async () => {
        const all = await system.notifications(subject);
        return all.length === 6 && all;
      },
      { what: "six notifications" },
    );
    expect(sent.map(({ eventType }) => eventType)).toEqual([
      ...Array(3).fill(type),
      ...Array(3).fill("ORDER_CREATED"),
    ]);
  }
  expect(await heldAt(system.notification.url)).toEqual({});
});

test("two events of one order that come at once are one charge and one message of a kind", async () => {
  await using system = await startSystem({ env });
  const [created] = eventsOfOneOrder({ type: "PAYMENT_FAILED", data: { reason: "none" } });
  await publish(system.kafkaHost, [created, { ...created, id: newEventId() }]);
  for (const { url } of [system.payment, system.notification]) {
    await waitFor(async () => (await heldAt(url)).PARKED === 1, {
      what: "the second event to be parked",
    });
  }
  expect(await system.payments(created.subject)).toHaveLength(1);
  const redriven = await outboxJson<{ held: { outcome: object }[] }>(
    system,
    ...["redrive", "--service", "payment", "--key", created.subject],
  );
  expect(redriven.held).toMatchObject([{ outcome: { redriven: 0 } }]);
  using ledger = new Database(join(system.dataDir, "provider-ledger.db"), { readonly: true });
  expect(ledger.query("SELECT key FROM ledger").values().flat()).toEqual([
    `order:${created.subject}:charge`,
  ]);
  using sends = new Database(join(system.dataDir, "channels-ledger.db"), { readonly: true });
  const keys = sends.query<{ key: string }, []>("SELECT key FROM ledger").all();
  expect(keys.filter(({ key }) => key.includes(":created/"))).toHaveLength(3);
});

test.if(fullProof)(
  "a worker that hangs ends its process, and what it left is published",
  async () => {
    await using system = await startSystem({ env });
    await system.order.stop();
    await system.order.start(hangAt("order-outbox.relay", "read"));
    await placeOrders(system, 1);
    await system.order.process.waitForLine("no sign of life", 60_000);
    expect(await system.order.process.exited).toBe(1);
    await system.order.start();
    await waitUntilSettled(system, 1);
    await expectClean(system, 1);
  },
);
