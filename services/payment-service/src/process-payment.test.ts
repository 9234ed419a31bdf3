import { afterAll, expect, test } from "bun:test";
import { followUpEventId } from "@order-outbox/contracts";
import { tempDir } from "@order-outbox/testing";
import { openSimulatedProvider } from "./payment-provider.ts";
import { openTestService, orderCreated } from "./test-service.ts";

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

test("an order has one payment for ever, and no announcement without one", async () => {
  using service = open();
  const event = orderCreated();
  await service.work(event);
  await expect(service.work(orderCreated(event.data.orderId))).rejects.toThrow("UNIQUE");
  for (const table of ["payments", "outbox"]) {
    expect(service.db.query(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 1 });
  }
});
