import { afterAll, expect, test } from "bun:test";
import { followUpEventId, newEventId } from "@order-outbox/events";
import { chargeKey, openSimulatedProvider } from "@order-outbox/outside-world";
import { createLogger } from "@order-outbox/service-kit";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { processPayment } from "./process-payment.ts";
import { type OrderCreated, openTestService, orderCreated } from "./test-service.ts";

const dir = tempDir();
const provider = (ledger: string, successRate: number) =>
  openSimulatedProvider({
    ledgerPath: dir.join(ledger),
    successRate,
    latencyMs: 0,
    seed: "",
    now: Date.now,
  });
const accepting = provider("accepting.db", 1);
const declining = provider("declining.db", 0);
afterAll(async () => {
  await Promise.all([accepting.close(), declining.close()]);
  dir[Symbol.dispose]();
});

const open = (providerOfTest = accepting) =>
  openTestService(dir.join(`${crypto.randomUUID()}.db`), providerOfTest);

test("an accepted charge is recorded and announced under derived ids", async () => {
  using service = open();
  const event = { ...orderCreated(), traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
  await service.work(event);
  const { orderId } = event.data;
  const payments = service.db.query<{ transactionId: string }, []>("SELECT * FROM payments").all();
  expect<unknown[]>(payments).toEqual([
    {
      seq: 1,
      id: followUpEventId(event.id, "PAYMENT"),
      orderId,
      customerId: "customer-1",
      amount: 99.99,
      status: "SUCCEEDED",
      transactionId: expect.stringMatching(/^txn_[0-9a-f]{32}$/),
      reason: null,
      createdAt: expect.stringMatching(/Z$/),
    },
  ]);
  const [row, ...others] = service.db
    .query<Record<string, unknown>, []>("SELECT * FROM outbox")
    .all();
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    eventType: "PAYMENT_SUCCEEDED",
    topic: "payment_processed",
    orderId,
    partitionKey: orderId,
    eventId: followUpEventId(event.id, "PAYMENT_SUCCEEDED"),
    traceparent: event.traceparent,
    isPublished: 0,
  });
  expect(JSON.parse(String(row?.payload))).toEqual({
    ...event.data,
    transactionId: payments[0]?.transactionId,
  });
});

test("a declined charge is recorded and announced with its reason", async () => {
  using service = open(declining);
  const event = orderCreated();
  await service.work(event);
  expect(service.db.query("SELECT status, reason FROM payments").all()).toEqual([
    { status: "FAILED", reason: "card declined" },
  ]);
  const row = service.db
    .query<{ eventType: string; payload: string }, []>("SELECT * FROM outbox")
    .get();
  expect(row?.eventType).toBe("PAYMENT_FAILED");
  expect(JSON.parse(row?.payload ?? "")).toEqual({ ...event.data, reason: "card declined" });
});

test("an empty database makes the same payment and announcement of an event again", async () => {
  const event = orderCreated();
  const facts = async () => {
    using service = open();
    await service.work(event);
    return {
      payments: service.db.query("SELECT id, orderId, status, transactionId FROM payments").all(),
      outbox: service.db.query("SELECT eventId, eventType, payload FROM outbox").all(),
    };
  };
  const first = await facts();
  expect(first.payments).toHaveLength(1);
  expect(first.outbox).toHaveLength(1);
  expect(await facts()).toEqual(first);
});

const charges = (ledger: string, orderId: string): string[] => {
  const db = openDatabase(dir.join(ledger), { readonly: true });
  const keys = db
    .query<{ key: string }, [string]>("SELECT key FROM ledger WHERE entry ->> '$.orderId' = ?")
    .all(orderId);
  closeDatabase(db);
  return keys.map(({ key }) => key);
};

/** Events of the same order that contradict the first one. */
const contradicting: [string, (first: OrderCreated) => OrderCreated][] = [
  ["another id", (first) => ({ ...first, id: newEventId() })],
  ["another amount", (first) => ({ ...first, data: { ...first.data, amount: 1 } })],
  ["another customer", (first) => ({ ...first, data: { ...first.data, customerId: "mallory" } })],
];

test.each(contradicting)(
  "an order is charged once: an event with %s is refused",
  async (_, spoil) => {
    using service = open();
    const event = orderCreated();
    await service.work(event);
    const refusal = { code: "EVENT_CONTRADICTS", retryable: false };
    await expect(service.work(spoil(event))).rejects.toMatchObject(refusal);
    for (const table of ["payments", "outbox"]) {
      expect(service.db.query(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 1 });
    }
    expect(charges("accepting.db", event.data.orderId)).toEqual([chargeKey(event.data.orderId)]);
  },
);

test.each(contradicting)(
  "also when nothing but the provider knows of the charge: an event with %s is refused",
  async (_, spoil) => {
    const event = orderCreated();
    await accepting.charge({
      idempotencyKey: chargeKey(event.data.orderId),
      ...event.data,
      eventId: event.id,
    });
    using service = open();
    const refusal = { code: "EVENT_CONTRADICTS", retryable: false };
    await expect(service.work(spoil(event))).rejects.toMatchObject(refusal);
    await service.work(event);
    expect(service.db.query("SELECT id FROM payments").all()).toEqual([
      { id: followUpEventId(event.id, "PAYMENT") },
    ]);
    expect(charges("accepting.db", event.data.orderId)).toHaveLength(1);
  },
);

test("an event that comes again when the inbox has forgotten it changes nothing", async () => {
  using service = open();
  const event = orderCreated();
  await service.work(event);
  await service.work(event);
  for (const table of ["payments", "outbox"]) {
    expect(service.db.query(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 1 });
  }
});

/** The use case with nothing behind it: a decision must not ask. */
const decideAlone = (
  event: OrderCreated,
  charge: Parameters<ReturnType<typeof processPayment>["decide"]>[1],
): Record<string, unknown>[] => {
  const nobody = () => Promise.reject(new Error("a decision asks nobody"));
  const handler = processPayment({
    provider: { ...accepting, charge: nobody },
    payments: { findOfOrder: nobody, list: nobody },
    logger: createLogger({ service: "payment-service", destination: { write() {} } }),
    now: () => Date.parse("2026-01-01T00:00:00Z"),
  });
  const decision = handler.decide(event, charge);
  if ("error" in decision) throw decision.error;
  return decision.map(({ kind, value }) => ({ kind, ...(value as Record<string, unknown>) }));
};

test.each([
  [{ outcome: "ACCEPTED", transactionId: "txn_1" }, "SUCCEEDED", null],
  [{ outcome: "DECLINED", transactionId: "txn_2", reason: "no" }, "FAILED", "no"],
] as const)(
  "a charge is a decision on a payment and its announcement (%j)",
  (charge, status, reason) => {
    const event = orderCreated();
    const { orderId } = event.data;
    const eventType = `PAYMENT_${status}`;
    const createdAt = "2026-01-01T00:00:00.000Z";
    const [payment, row, ...others] = decideAlone(event, charge);
    expect(others).toEqual([]);
    expect(payment).toEqual({
      kind: "new payment",
      id: followUpEventId(event.id, "PAYMENT"),
      ...event.data,
      ...{ status, transactionId: charge.transactionId, reason, createdAt },
    });
    const eventId = followUpEventId(event.id, `PAYMENT_${status}`);
    expect(row).toMatchObject({
      kind: "outbox row",
      eventId,
      eventType,
      subject: orderId,
      createdAt,
    });
  },
);

test("of a payment that is recorded already nothing is decided", () => {
  expect(decideAlone(orderCreated(), undefined)).toEqual([]);
});
