import { expect, test } from "bun:test";
import { openTestApp } from "./test-app.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("the event of an order carries its request's trace context, unless that is malformed", async () => {
  using app = openTestApp();
  const order = { customerId: "customer-1", amount: 5 };
  await app.postOrder(order, { traceparent: TRACEPARENT });
  await app.postOrder(order, { traceparent: TRACEPARENT, "idempotency-key": "a-key" });
  await app.postOrder(order, { traceparent: TRACEPARENT.toUpperCase() });
  await app.postOrder(order);
  expect(app.db.query("SELECT traceparent FROM outbox ORDER BY id").values()).toEqual([
    [TRACEPARENT],
    [TRACEPARENT],
    [null],
    [null],
  ]);
});
