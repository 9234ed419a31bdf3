import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { createOrder } from "./create-order.ts";
import { type AcceptedOrder, bodyOf, openTestApp } from "./test-app.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** https://sqlite.org/pragma.html#pragma_synchronous */
const FULL = 2;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test("an order is answered with 201, its address and a PENDING status", async () => {
  using app = openTestApp();
  const response = await app.postOrder({ customerId: "customer-1", amount: 99.99 });
  expect(response.status).toBe(201);
  const body = await bodyOf<AcceptedOrder>(response);
  expect<unknown>(body).toEqual({
    orderId: expect.stringMatching(UUID),
    customerId: "customer-1",
    amount: 99.99,
    status: "PENDING",
    message: "Order created successfully",
  });
  const location = response.headers.get("location") ?? "";
  expect(location).toBe(`/api/orders/${body.orderId}`);
  expect(await (await app.request(location)).json()).toEqual({
    id: body.orderId,
    customerId: "customer-1",
    amount: 99.99,
    status: "PENDING",
    createdAt: expect.stringMatching(TIME),
    updatedAt: expect.stringMatching(TIME),
  });
});

test("an accepted order has its row and its event", async () => {
  using app = openTestApp();
  const response = await app.postOrder({ customerId: "Åsa 🎁", amount: 5 });
  using others = new Database(app.db.filename, { readonly: true });
  // Both are there at once, for every connection: read before anything else can be committed.
  const orders = others.query("SELECT id, customerId, amount, status FROM orders").all();
  const [row, ...more] = others.query<Record<string, unknown>, []>("SELECT * FROM outbox").all();
  const { orderId } = await bodyOf<AcceptedOrder>(response);
  expect(app.db.query("PRAGMA synchronous").get()).toEqual({ synchronous: FULL });
  expect(orders).toEqual([{ id: orderId, customerId: "Åsa 🎁", amount: 5, status: "PENDING" }]);
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    eventType: "ORDER_CREATED",
    topic: "order_created",
    orderId,
    partitionKey: orderId,
    isPublished: 0,
    publishedAt: null,
    eventId: expect.stringMatching(UUID),
    createdAt: expect.stringMatching(TIME),
  });
  expect(JSON.parse(String(row?.payload))).toEqual({ orderId, customerId: "Åsa 🎁", amount: 5 });
});

test("an order whose event no reader would take is our fault: 500, logged, and nothing is stored", async () => {
  using app = openTestApp({ newId: () => "no-uuid" });
  const response = await app.postOrder({ customerId: "customer-1", amount: 99.99 });
  expect(response.status).toBe(500);
  expect(await bodyOf<{ code: string }>(response)).toMatchObject({ code: "EVENT_MALFORMED" });
  expect(app.counts()).toEqual({ orders: 0, outbox: 0 });
  expect(app.logLines.join("")).toContain("the data of ORDER_CREATED: /orderId must be a UUID");
});

test("an order without its event is not accepted", async () => {
  using app = openTestApp();
  app.db.run(
    "CREATE TRIGGER no_event BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no event'); END",
  );
  const response = await app.postOrder({ customerId: "customer-1", amount: 1 });
  expect(response.status).toBe(500);
  expect(app.counts()).toEqual({ orders: 0, outbox: 0 });
});

test("accepting an order is a decision: its row and its event, without a database", () => {
  const ids = ["01a206b6-1ab1-70f7-a1d0-7566f7eb5169", "event-1"];
  const sources = { newId: () => ids.shift() ?? "", now: () => Date.parse("2026-01-01T00:00:00Z") };
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const { answer, effects } = createOrder({ customerId: "c", amount: 5 }, sources, traceparent);
  const at = "2026-01-01T00:00:00.000Z";
  const order = { id: answer.id, customerId: "c", amount: 5, status: "PENDING" };
  expect(answer).toEqual({ ...order, createdAt: at, updatedAt: at } as typeof answer);
  expect(effects.map(({ kind, value }) => [kind, value])).toEqual([
    ["new order", answer],
    [
      "outbox row",
      {
        eventId: "event-1",
        eventType: "ORDER_CREATED",
        topic: "order_created",
        subject: answer.id,
        partitionKey: answer.id,
        payload: JSON.stringify({ orderId: answer.id, customerId: "c", amount: 5 }),
        createdAt: at,
        traceparent,
      },
    ],
  ]);
});

test.each([0.01, 0.1, 1, 5, 19.9, 99.99, 4.35, 1_000_000, 999_999.99])(
  "an amount of %p comes back as it was sent",
  async (amount) => {
    using app = openTestApp();
    const response = await app.postOrder({ customerId: "customer-1", amount });
    expect([response.status, (await bodyOf<AcceptedOrder>(response)).amount]).toEqual([
      201,
      amount,
    ]);
    expect(app.db.query("SELECT amount FROM orders").get()).toEqual({ amount });
  },
);

test("an order that the disk has no room for is answered with 503 and leaves no row", async () => {
  using app = openTestApp();
  const [size] = app.db.query<{ page_count: number }, []>("PRAGMA page_count").all();
  app.db.run(`PRAGMA max_page_count = ${size?.page_count}`);
  const order = { customerId: "x".repeat(128), amount: 1 };
  const accepted: string[] = [];
  let refused: Response | undefined;
  while (refused === undefined) {
    const response = await app.postOrder(order);
    if (response.status === 201) accepted.push((await bodyOf<AcceptedOrder>(response)).orderId);
    else refused = response;
  }
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("30");
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  expect(await refused.json()).toMatchObject({ status: 503, code: "STORAGE_FULL" });
  expect(app.counts()).toEqual({ orders: accepted.length, outbox: accepted.length });

  app.db.run("PRAGMA max_page_count = 1000000");
  expect((await app.postOrder(order)).status).toBe(201);
});

test("an order beyond what may wait for its commit is answered with 503", async () => {
  using app = openTestApp({ queueLimit: 0 });
  const response = await app.postOrder({ customerId: "customer-1", amount: 1 });
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await response.json()).toMatchObject({ status: 503, code: "OVERLOADED" });
  expect(app.counts()).toEqual({ orders: 0, outbox: 0 });
});
