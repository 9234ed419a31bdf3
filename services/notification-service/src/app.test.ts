import { afterAll, beforeAll, expect, test } from "bun:test";
import { followUpEventId } from "@order-outbox/events";
import { CHANNEL_NAMES, type Channel, type ChannelName } from "@order-outbox/outside-world";
import { encodeCursor } from "@order-outbox/service-kit";
import type { Notification } from "./notified-event.ts";
import { openTestService, orderCreated, paymentSucceeded } from "./test-service.ts";

interface NotificationsPage {
  items: Notification[];
  nextCursor: string | null;
}

const broken = new Set<ChannelName>();
const channels = CHANNEL_NAMES.map(
  (name): Channel => ({
    name,
    async send() {
      if (broken.has(name)) throw new Error(`${name} is down`);
    },
  }),
);
const service = openTestService(channels);
const orderIds = [crypto.randomUUID(), crypto.randomUUID()];
const half = crypto.randomUUID();

beforeAll(async () => {
  for (const [i, orderId] of orderIds.entries()) {
    await service.work(orderCreated(orderId));
    if (i === 0) {
      broken.add("SMS");
      await expect(service.work(orderCreated(half))).rejects.toThrow();
      broken.clear();
    }
    await service.work(paymentSucceeded(orderId));
  }
});

afterAll(() => service[Symbol.dispose]());

async function page(query = ""): Promise<NotificationsPage> {
  const response = await service.request(`/api/notifications${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as NotificationsPage;
}

/** The ids of a whole list, page by page. */
async function pageThrough(limit: number, filter = ""): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const next: NotificationsPage = await page(
      `?limit=${limit}${filter}${cursor === "" ? "" : `&cursor=${cursor}`}`,
    );
    expect(next.items.length).toBeWithin(1, limit + 1);
    ids.push(...next.items.map(({ id }) => id));
    expect(ids.length).toBeLessThanOrEqual(idsOf().length);
    cursor = next.nextCursor;
  }
  return ids;
}

const idsOf = (orderId?: string) =>
  service
    .notifications()
    .filter((row) => orderId === undefined || row.orderId === orderId)
    .map(({ eventId, channel }) => followUpEventId(eventId, channel))
    .toReversed();

test.each([1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 100])(
  "in pages of %d, notifications are listed newest first, without gaps or repeats",
  async (limit) => {
    expect(idsOf()).toHaveLength(14);
    expect(await pageThrough(limit)).toEqual(idsOf());
    for (const orderId of [...orderIds, half]) {
      expect(await pageThrough(limit, `&orderId=${orderId}`)).toEqual(idsOf(orderId));
    }
  },
);

test("a page that ends within an event goes on there when that event's last channel has sent", async () => {
  using other = openTestService(channels);
  const event = orderCreated(crypto.randomUUID());
  broken.add("SMS");
  await expect(other.work(event)).rejects.toThrow();
  broken.clear();
  const read = async (query: string) =>
    (await (await other.request(`/api/notifications${query}`)).json()) as NotificationsPage;
  const first = await read("?limit=1");
  await other.work(event);
  const rest = await read(`?cursor=${first.nextCursor}`);
  expect([first, rest].map(({ items }) => items.map(({ channel }) => channel))).toEqual([
    ["PUSH"],
    ["SMS", "EMAIL"],
  ]);
});

test("an order's notifications are six, without anything of how they are stored", async () => {
  const { items, nextCursor } = await page(`?orderId=${orderIds[0]}`);
  expect(nextCursor).toBeNull();
  expect(items.map(({ eventType, channel }) => `${eventType} ${channel}`)).toEqual(
    ["PAYMENT_SUCCEEDED", "ORDER_CREATED"].flatMap((type) =>
      CHANNEL_NAMES.toReversed().map((channel) => `${type} ${channel}`),
    ),
  );
  expect<unknown>(items[0]).toEqual({
    id: expect.any(String),
    orderId: orderIds[0],
    eventType: "PAYMENT_SUCCEEDED",
    channel: "PUSH",
    status: "SENT",
    createdAt: expect.stringMatching(/Z$/),
  });
});

test.each([
  ["?orderId=1", ["/orderId"]],
  ["?limit=0", ["/limit"]],
  ["?cursor=nonsense", ["/cursor"]],
  // Of the time when each notification had a number of its own.
  [`?cursor=${encodeCursor({ seq: 7 })}`, ["/cursor"]],
  [`?cursor=${encodeCursor({ seq: 7, channel: "FAX" })}`, ["/cursor"]],
])("the query %s is refused", async (query, paths) => {
  const response = await service.request(`/api/notifications${query}`);
  const problem = (await response.json()) as { code: string; errors: { path: string }[] };
  expect([response.status, problem.code]).toEqual([422, "INPUT_INVALID"]);
  expect(problem.errors.map(({ path }) => path)).toEqual(paths);
});
