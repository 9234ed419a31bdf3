import { expect, test } from "bun:test";
import { newEventId } from "@order-outbox/events";
import { setOrderStatus } from "./order-store.ts";
import { inStretch, WITH_STATUS } from "./sqlite/order-store.ts";
import { type AcceptedOrder, bodyOf, openTestApp, type TestApp } from "./test-app.ts";

interface OrdersPage {
  items: { id: string; customerId: string; status: string }[];
  nextCursor: string | null;
}

async function order(app: TestApp, customerId = "customer-1"): Promise<string> {
  const response = await app.postOrder({ customerId, amount: 1 });
  return (await bodyOf<AcceptedOrder>(response)).orderId;
}

async function page(app: TestApp, query: Record<string, string> = {}): Promise<OrdersPage> {
  const response = await app.request(`/api/orders?${new URLSearchParams(query)}`);
  expect(response.status).toBe(200);
  return bodyOf(response);
}

const idsOf = ({ items }: OrdersPage) => items.map(({ id }) => id);

test("no orders are an empty page", async () => {
  using app = openTestApp();
  expect(await page(app)).toEqual({ items: [], nextCursor: null });
});

test("a page has the newest twenty orders, in the shape of a single one", async () => {
  using app = openTestApp();
  const ids: string[] = [];
  for (let i = 0; i < 21; i++) ids.unshift(await order(app));
  const first = await page(app);
  expect(idsOf(first)).toEqual(ids.slice(0, 20));
  expect(first.items[0]).toEqual(await bodyOf(await app.request(`/api/orders/${ids[0]}`)));
});

test("pages have no gaps and no repeats while orders come in", async () => {
  using app = openTestApp();
  const before: string[] = [];
  for (let i = 0; i < 10; i++) before.unshift(await order(app));
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const next: OrdersPage = await page(app, { limit: "3", ...(cursor && { cursor }) });
    seen.push(...idsOf(next));
    cursor = next.nextCursor;
    await order(app);
  } while (cursor !== null);
  expect(seen).toEqual(before);
});

test("a last page that is full has no cursor", async () => {
  using app = openTestApp();
  for (let i = 0; i < 3; i++) await order(app);
  expect((await page(app, { limit: "3" })).nextCursor).toBeNull();
});

test("orders are filtered by customer and status, through all pages", async () => {
  using app = openTestApp();
  const mine: string[] = [];
  for (let i = 0; i < 4; i++) {
    mine.unshift(await order(app, "mine & ünique"));
    await order(app, "another");
  }
  const [paid = "", failed = ""] = mine;
  for (const [id, status] of [
    [paid, "PAID"],
    [failed, "PAYMENT_FAILED"],
  ] as const) {
    const place = { orderId: id, customerId: "mine & ünique", amount: 1 };
    const at = new Date().toISOString();
    await app.queue.commit({ effects: [setOrderStatus({ ...place, status, at })] });
  }

  const ofCustomer = { customerId: "mine & ünique" };
  const first = await page(app, { ...ofCustomer, limit: "3" });
  const second = await page(app, { ...ofCustomer, cursor: first.nextCursor ?? "" });
  expect([...idsOf(first), ...idsOf(second)]).toEqual(mine);
  expect(idsOf(await page(app, { status: "PAID" }))).toEqual([paid]);
  expect(idsOf(await page(app, { status: "PAYMENT_FAILED" }))).toEqual([failed]);
  expect(idsOf(await page(app, { ...ofCustomer, status: "PENDING" }))).toEqual(mine.slice(2));
  expect(idsOf(await page(app, { customerId: "nobody" }))).toEqual([]);
});

test("a customer's orders are found however many orders of others are between them", async () => {
  using app = openTestApp();
  const insert = app.db.prepare(
    `INSERT INTO orders (seq, id, customerId, amount, status, createdAt, updatedAt)
     VALUES (?, ?, ?, 1, ?, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`,
  );
  const seqs = [1, 2, 16_383, 16_384, 32_767, 32_768, 1_000_000];
  const newest = seqs.map((seq) => {
    const id = newEventId();
    insert.run(seq, id, "customer-1", seq % 2 === 0 ? "PAID" : "PENDING");
    return { id, seq };
  });
  newest.reverse();
  insert.run(1_000_001, newEventId(), "customer-2", "PENDING");
  for (const status of [undefined, "PAID", "PENDING"]) {
    const wanted = newest.filter(
      ({ seq }) => status === undefined || (seq % 2 === 0) === (status === "PAID"),
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: OrdersPage = await page(app, {
        customerId: "customer-1",
        limit: "2",
        ...(status && { status }),
        ...(cursor && { cursor }),
      });
      seen.push(...idsOf(next));
      cursor = next.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(wanted.map(({ id }) => id));
  }
  expect(idsOf(await page(app, { customerId: "customer-3" }))).toEqual([]);
});

test.each(["", WITH_STATUS])(
  "a page of a customer is read from the index alone, without sorting: %s",
  (condition) => {
    using app = openTestApp();
    const plan = app.db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${inStretch(condition)}`)
      .all();
    expect(plan.map(({ detail }) => detail)).toEqual([
      "SEARCH orders USING INDEX orders_customer (<expr>=? AND customerId=? AND seq<?)",
    ]);
  },
);
