import { expect, test } from "bun:test";
import type { DomainEvent } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { newEventId } from "@order-outbox/events";
import { createLogger } from "@order-outbox/service-kit";
import { type Effect, type Outcome, Results } from "@order-outbox/units";
import { applyPayment } from "./apply-payment.ts";
import { type Order, setOrderStatus } from "./order-store.ts";
import { type AcceptedOrder, bodyOf, openTestApp, type TestApp } from "./test-app.ts";

const LATER = Date.parse("2030-01-01T00:00:00Z");

type Payment = DomainEvent<"PAYMENT_SUCCEEDED"> | DomainEvent<"PAYMENT_FAILED">;

const metadata = (subject: string) => ({
  id: newEventId(),
  source: "/payment-service",
  time: "2026-01-01T00:00:00.000Z",
  subject,
});
const orderOf = (orderId: string) => ({ orderId, customerId: "customer-1", amount: 1 });
const succeeded = (orderId: string): Payment => ({
  ...metadata(orderId),
  type: "PAYMENT_SUCCEEDED",
  data: { ...orderOf(orderId), transactionId: "txn_1" },
});
const failed = (orderId: string): Payment => ({
  ...metadata(orderId),
  type: "PAYMENT_FAILED",
  data: { ...orderOf(orderId), reason: "card declined" },
});

/** An app with one order, and a way to apply payment results to it. */
async function withOrder(app: TestApp) {
  const response = await app.postOrder({ customerId: "customer-1", amount: 1 });
  const { orderId } = await bodyOf<AcceptedOrder>(response);
  const logLines: string[] = [];
  const logger = createLogger({
    service: "order-service",
    format: "json",
    destination: { write: (line) => void logLines.push(line) },
  });
  const handler = applyPayment({ logger, now: () => LATER });
  return {
    orderId,
    async apply(event: Payment) {
      const effects = handler.decide(event, undefined) as readonly Effect[];
      const result = await app.queue.commit({ effects });
      if (!result.committed) throw handler.refused?.(event, result.refusal);
      handler.done?.(event, result.results, undefined);
    },
    order: () => app.orders.find(orderId),
    warnings: () =>
      logLines.map((line) => JSON.parse(line)).filter(({ level }) => level === "warn"),
  };
}

test.each([
  [succeeded, "PAID"],
  [failed, "PAYMENT_FAILED"],
] as const)("a payment result settles its order (%#)", async (result, status) => {
  using app = openTestApp();
  const { orderId, apply, order } = await withOrder(app);
  await apply(result(orderId));
  expect(await order()).toMatchObject({ status, updatedAt: "2030-01-01T00:00:00.000Z" });
  expect((await order())?.createdAt).not.toBe((await order())?.updatedAt);
});

test.each([
  [succeeded, failed, "PAID", "PAYMENT_FAILED"],
  [failed, succeeded, "PAYMENT_FAILED", "PAID"],
] as const)("the first result stands, a contradicting one is logged (%#)", async (...steps) => {
  const [first, second, status, contradicting] = steps;
  using app = openTestApp();
  const { orderId, apply, order, warnings } = await withOrder(app);
  await apply(first(orderId));
  const contradiction = second(orderId);
  await apply(contradiction);
  expect((await order())?.status).toBe(status);
  expect(warnings()).toEqual([
    expect.objectContaining({ orderId, eventId: contradiction.id, status, contradicting }),
  ]);
});

test("the same result again changes nothing and is not worth a warning", async () => {
  using app = openTestApp();
  const { orderId, apply, order, warnings } = await withOrder(app);
  await apply(succeeded(orderId));
  await apply(succeeded(orderId));
  expect((await order())?.status).toBe("PAID");
  expect(warnings()).toEqual([]);
});

test("a result for an order that is not here is parked, not tried again", async () => {
  using app = openTestApp();
  const { apply, order } = await withOrder(app);
  let thrown: unknown;
  try {
    await apply(succeeded(crypto.randomUUID()));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AppError);
  expect(thrown).toMatchObject({ code: "HANDLER_FAILED", retryable: false });
  expect((await order())?.status).toBe("PENDING");
});

test.each([{ amount: 2 }, { customerId: "mallory" }])(
  "a result that is about another customer or amount settles nothing (%j)",
  async (change) => {
    using app = openTestApp();
    const { orderId, apply, order } = await withOrder(app);
    const result = succeeded(orderId);
    Object.assign(result.data, change);
    await expect(apply(result)).rejects.toMatchObject({ code: "EVENT_CONTRADICTS" });
    expect((await order())?.status).toBe("PENDING");
  },
);

/** The use case alone, with what it logs. */
function alone() {
  const logged: string[] = [];
  const logger = createLogger({
    service: "order-service",
    format: "json",
    destination: { write: (line) => void logged.push(line) },
  });
  const told = () => logged.map((line) => JSON.parse(line) as { level: string; msg: string });
  return { handler: applyPayment({ logger, now: () => LATER }), told };
}

test.each([
  [succeeded, "PAID"],
  [failed, "PAYMENT_FAILED"],
] as const)("applying a payment is a decision: one change of state (%#)", (result, status) => {
  const event = result("order-1");
  const at = "2030-01-01T00:00:00.000Z";
  expect(alone().handler.decide(event, undefined)).toEqual([
    setOrderStatus({ ...orderOf("order-1"), status, at }),
  ]);
});

test("what is refused is told by what was found", () => {
  const { refused } = alone().handler;
  const effect = setOrderStatus({ ...orderOf("o"), status: "PAID", at: "" });
  expect(refused?.(succeeded("o"), { effect, found: undefined }).code).toBe("HANDLER_FAILED");
  const found = { id: "o", customerId: "another" } as Order;
  expect(refused?.(succeeded("o"), { effect, found }).code).toBe("EVENT_CONTRADICTS");
});

test.each([
  [undefined, "info"],
  ["PAID", undefined],
  ["PAYMENT_FAILED", "warn"],
] as const)("a result that found the order %p is logged as %p", (status, level) => {
  const { handler, told } = alone();
  const effects = handler.decide(succeeded("o"), undefined) as readonly Effect[];
  const kept: Outcome = { status: "kept", found: { status } };
  handler.done?.(
    succeeded("o"),
    new Results(effects, status === undefined ? undefined : new Map([[0, kept]])),
    undefined,
  );
  expect(told().map((line) => line.level)).toEqual(level === undefined ? [] : [level]);
});
