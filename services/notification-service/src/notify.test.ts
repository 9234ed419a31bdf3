import { expect, test } from "bun:test";
import type { DomainEvent, EventData } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { newEventId } from "@order-outbox/events";
import {
  CHANNEL_NAMES,
  type Channel,
  type ChannelName,
  type Message,
} from "@order-outbox/outside-world";
import { createLogger } from "@order-outbox/service-kit";
import { recordSent } from "./notification-store.ts";
import { notify } from "./notify.ts";
import { openTestService, orderCreated, paymentSucceeded } from "./test-service.ts";

interface Sent extends Message {
  channel: ChannelName;
}

/** Channels that note what they send; those in `broken` fail. */
function channelsThat({ broken = new Set<ChannelName>() } = {}) {
  const sent: Sent[] = [];
  const calls: ChannelName[] = [];
  const all = CHANNEL_NAMES.map(
    (name): Channel => ({
      name,
      async send(message) {
        calls.push(name);
        if (broken.has(name)) throw new Error(`${name} is down`);
        sent.push({ channel: name, ...message });
      },
    }),
  );
  return { all, sent, calls };
}

test("a finished order has six notifications, one for each event and channel", async () => {
  const { all, sent } = channelsThat();
  using service = openTestService(all);
  const orderId = crypto.randomUUID();
  const events = [orderCreated(orderId), paymentSucceeded(orderId)] as const;
  for (const event of events) await service.work(event);
  const pairs = events.flatMap(({ id, type }) =>
    CHANNEL_NAMES.map((channel) => ({ id, type, channel })),
  );
  expect<unknown[]>(service.notifications()).toEqual(
    pairs.map(({ id, type, channel }, i) => ({
      seq: i + 1,
      orderId,
      eventId: id,
      eventType: type,
      channel,
      status: "SENT",
      createdAt: expect.stringMatching(/Z$/),
    })),
  );
  expect(sent).toEqual(
    pairs.map(({ id, type, channel }) => ({
      channel,
      idempotencyKey: `order:${orderId}:${type === "ORDER_CREATED" ? "created" : "payment"}/${channel}`,
      orderId,
      customerId: "customer-1",
      eventId: id,
      text: expect.stringContaining(type === "ORDER_CREATED" ? "your order" : "your payment"),
    })),
  );
});

test("when a channel fails, what the others sent is kept, and only that one is tried again", async () => {
  const broken = new Set<ChannelName>(["SMS"]);
  const { all, sent, calls } = channelsThat({ broken });
  let now = Date.parse("2026-01-01T00:00:00.000Z");
  using service = openTestService(all, () => now);
  const told = () =>
    service.notifications().map(({ channel, createdAt }) => `${channel} ${createdAt.slice(0, 10)}`);
  const event = orderCreated(crypto.randomUUID());
  await expect(service.work(event)).rejects.toMatchObject({
    code: "HANDLER_FAILED",
    retryable: true,
  });
  expect(told()).toEqual(["EMAIL 2026-01-01", "PUSH 2026-01-01"]);

  calls.length = 0;
  now += 86_400_000;
  await expect(service.work(event)).rejects.toThrow("1 channels");
  expect(calls).toEqual(["SMS"]);
  expect(told()).toEqual(["EMAIL 2026-01-01", "PUSH 2026-01-01"]);

  broken.clear();
  await service.work(event);
  expect(told()).toEqual(["EMAIL 2026-01-01", "SMS 2026-01-02", "PUSH 2026-01-01"]);
  expect(sent.map(({ channel }) => channel)).toEqual(["EMAIL", "PUSH", "SMS"]);
});

test("when all channels fail, nothing is recorded", async () => {
  const { all } = channelsThat({ broken: new Set(CHANNEL_NAMES) });
  using service = openTestService(all);
  await expect(service.work(orderCreated(crypto.randomUUID()))).rejects.toThrow();
  expect(service.notifications()).toEqual([]);
});

test("an event that is worked on again sends and records nothing more", async () => {
  const { all, sent } = channelsThat();
  using service = openTestService(all);
  const event = orderCreated(crypto.randomUUID());
  await service.work(event);
  await service.work(event);
  expect(service.notifications()).toHaveLength(3);
  expect(sent).toHaveLength(3);
});

test("an order's customer is told once of each kind: a second event of a kind is refused unsent", async () => {
  const { all, sent } = channelsThat();
  using service = openTestService(all);
  const orderId = crypto.randomUUID();
  const paid = paymentSucceeded(orderId);
  await service.work(orderCreated(orderId));
  await service.work(paid);
  const { transactionId: _, ...order } = paid.data as EventData<"PAYMENT_SUCCEEDED">;
  const failed: DomainEvent<"PAYMENT_FAILED"> = {
    ...paid,
    id: newEventId(),
    type: "PAYMENT_FAILED",
    data: { ...order, reason: "card declined" },
  };
  for (const second of [orderCreated(orderId), paymentSucceeded(orderId), failed]) {
    await expect(service.work(second)).rejects.toMatchObject({ code: "EVENT_CONTRADICTS" });
  }
  expect(sent).toHaveLength(6);
  expect(service.notifications()).toHaveLength(6);
});

test("an event that has the id of another kind's event is told of, and takes nothing from that", async () => {
  const { all, sent } = channelsThat();
  using service = openTestService(all);
  const orderId = crypto.randomUUID();
  const paid = paymentSucceeded(orderId);
  await service.work({ ...orderCreated(orderId), id: paid.id });
  await service.work(paid);
  expect(sent).toHaveLength(6);
  expect(service.notifications()).toHaveLength(6);
});

test("a channel that knows another event of the kind is no failure that can pass", async () => {
  const { all } = channelsThat();
  const refuse = async () => {
    throw new AppError("IDEMPOTENCY_KEY_REUSED", "sent for another event");
  };
  using service = openTestService([...all.slice(1), { name: "EMAIL", send: refuse }]);
  await expect(service.work(orderCreated(crypto.randomUUID()))).rejects.toMatchObject({
    code: "EVENT_CONTRADICTS",
    retryable: false,
  });
  expect(service.notifications()).toEqual([]);
});

test("what was sent is a decision: kept, and with a failure the event is held as well", () => {
  const nobody = () => Promise.reject(new Error("a decision asks nobody"));
  const { decide } = notify({
    channels: [],
    notifications: { findNotified: nobody },
    logger: createLogger({ service: "notification-service", destination: { write() {} } }),
    now: () => Date.parse("2026-01-01T00:00:00Z"),
  });
  const event = orderCreated("order-1");
  const effect = recordSent({
    orderId: "order-1",
    eventId: event.id,
    eventType: "ORDER_CREATED",
    kind: "created",
    channels: ["EMAIL"],
    sentAt: "2026-01-01T00:00:00.000Z",
  });
  const failure = new AppError("HANDLER_FAILED", "2 channels did not send", { retryable: true });
  expect(decide(event, { sent: ["EMAIL"] })).toEqual([effect]);
  expect(decide(event, { sent: ["EMAIL"], failure })).toEqual({
    error: failure,
    effects: [effect],
  });
  expect(decide(event, { sent: [], failure })).toEqual({ error: failure, effects: [] });
});
