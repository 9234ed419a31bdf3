import { afterAll, beforeAll, expect, test } from "bun:test";
import { CHANNEL_NAMES } from "./channels.ts";
import type { Notification } from "./notification-store.ts";
import { openTestService, orderCreated, paymentSucceeded } from "./test-service.ts";

interface NotificationsPage {
  items: Notification[];
  nextCursor: string | null;
}

const service = openTestService(CHANNEL_NAMES.map((name) => ({ name, async send() {} })));
const orderIds = [crypto.randomUUID(), crypto.randomUUID()];

beforeAll(async () => {
  for (const orderId of orderIds) {
    await service.work(orderCreated(orderId));
    await service.work(paymentSucceeded(orderId));
  }
});

afterAll(() => service[Symbol.dispose]());

async function page(query = ""): Promise<NotificationsPage> {
  const response = await service.request(`/api/notifications${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as NotificationsPage;
}

test("notifications are listed newest first, in pages without gaps or repeats", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const next: NotificationsPage = await page(
      `?limit=5${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    seen.push(...next.items.map(({ id }) => id));
    cursor = next.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(
    service
      .notifications()
      .map(({ id }) => id)
      .toReversed(),
  );
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
])("the query %s is refused", async (query, paths) => {
  const response = await service.request(`/api/notifications${query}`);
  const problem = (await response.json()) as { code: string; errors: { path: string }[] };
  expect([response.status, problem.code]).toEqual([422, "INPUT_INVALID"]);
  expect(problem.errors.map(({ path }) => path)).toEqual(paths);
});
