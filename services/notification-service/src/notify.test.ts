import { expect, test } from "bun:test";
import { CHANNEL_NAMES, type Channel, type ChannelName, type Message } from "./channels.ts";
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
      idempotencyKey: `${id}/${channel}`,
      orderId,
      customerId: "customer-1",
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
