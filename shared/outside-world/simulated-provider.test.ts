import { expect, test } from "bun:test";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { type TempDir, tempDir } from "@order-outbox/testing";
import { openLedger } from "./ledger.ts";
import { chargeKey } from "./payment-provider.ts";
import { decideCharge, openSimulatedProvider } from "./simulated-provider.ts";

const KEYS = Array.from({ length: 20_000 }, (_, i) => `event-${i}`);
const accepted = (seed: string, rate: number) =>
  KEYS.filter((key) => decideCharge(key, seed, rate).outcome === "ACCEPTED");

test("a charge has the same outcome and transaction id whenever it is decided", () => {
  const key = "0198f3a0-0000-7000-8000-000000000001";
  expect(decideCharge(key, "", 0.9)).toEqual(decideCharge(key, "", 0.9));
  expect(decideCharge(key, "", 1)).toEqual({
    outcome: "ACCEPTED",
    transactionId: "txn_99d1c8f5e7ee102f49f7116fcf772350",
  });
});

test("every charge has a transaction id of its own", () => {
  const ids = KEYS.map((key) => decideCharge(key, "seed", 0.9).transactionId);
  expect(new Set(ids).size).toBe(KEYS.length);
});

test.each(["", "another seed"])("a rate of 0.9 accepts nine of ten (seed %p)", (seed) => {
  const share = accepted(seed, 0.9).length / KEYS.length;
  expect(share).toBeGreaterThan(0.87);
  expect(share).toBeLessThan(0.93);
});

test("a rate of 1 accepts all, of 0 none, with a reason", () => {
  expect(accepted("", 1)).toHaveLength(KEYS.length);
  expect(accepted("", 0)).toHaveLength(0);
  expect(decideCharge("key", "", 0)).toEqual({
    outcome: "DECLINED",
    transactionId: expect.stringMatching(/^txn_[0-9a-f]{32}$/),
    reason: "card declined",
  });
});

test("another seed decides otherwise", () => {
  expect(accepted("a", 0.9)).not.toEqual(accepted("b", 0.9));
});

const openProvider = (dir: TempDir, successRate: number, seed = "") =>
  openSimulatedProvider({
    ledgerPath: dir.join("ledger.db"),
    successRate,
    latencyMs: 0,
    seed,
    now: () => Date.parse("2026-01-01T00:00:00Z"),
  });

const request = (idempotencyKey: string) => ({
  idempotencyKey,
  orderId: `order of ${idempotencyKey}`,
  customerId: "customer-1",
  amount: 99.99,
  eventId: `event of ${idempotencyKey}`,
});

function readLedger(dir: TempDir) {
  const db = openDatabase(dir.join("ledger.db"), { readonly: true });
  const lines = db.query<{ key: string; entry: string }, []>("SELECT * FROM ledger").all();
  closeDatabase(db);
  return lines.map(({ key, entry }) => ({ key, entry: JSON.parse(entry) }));
}

test("the ledger has one line for each key, however often it is charged", async () => {
  using dir = tempDir();
  const provider = openProvider(dir, 1);
  const once = await provider.charge(request("a"));
  const again = await Promise.all([
    provider.charge(request("a")),
    provider.charge(request("b")),
    provider.charge(request("a")),
  ]);
  await provider.close();
  expect(again[0]).toEqual(once);
  expect(again[2]).toEqual(once);
  const { idempotencyKey: _, ...order } = request("a");
  expect(readLedger(dir)).toEqual([
    { key: "a", entry: { ...order, result: once } },
    { key: "b", entry: expect.objectContaining({ result: again[1] }) },
  ]);
});

test("what was charged stands, also for a provider that would decide otherwise now", async () => {
  using dir = tempDir();
  const before = openProvider(dir, 1);
  const first = await before.charge(request("a"));
  await before.close();
  const after = openProvider(dir, 0, "another seed");
  expect(await after.charge(request("a"))).toEqual(first);
  await after.close();
  expect(readLedger(dir)).toHaveLength(1);
});

test.each([
  ["another amount", { amount: 1 }],
  ["another customer", { customerId: "mallory" }],
  ["another order", { orderId: "another" }],
  ["another event", { eventId: "another" }],
])("a key that stands for a charge is refused for %s", async (_, change) => {
  using dir = tempDir();
  const provider = openProvider(dir, 1);
  await provider.charge(request("a"));
  await expect(provider.charge({ ...request("a"), ...change })).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });
  await provider.close();
  expect(readLedger(dir)).toHaveLength(1);
});

test("an order that was charged under its event's id is not charged under its own", async () => {
  using dir = tempDir();
  const result = decideCharge("event-1", "", 1);
  const order = { orderId: "order-1", customerId: "customer-1", amount: 99.99 };
  const former = openLedger(dir.join("ledger.db"), Date.now);
  await former.record("event-1", { ...order, result });
  await former.close();
  const db = openDatabase(dir.join("ledger.db"));
  db.run("DROP TABLE former_entries");
  db.run("PRAGMA user_version = 1");
  closeDatabase(db);

  const provider = openProvider(dir, 0);
  const again = { ...order, idempotencyKey: chargeKey("order-1") };
  expect(await provider.charge({ ...again, eventId: "event-1" })).toEqual(result);
  await expect(provider.charge({ ...again, eventId: "event-2" })).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });
  await provider.close();
  expect(readLedger(dir)).toHaveLength(1);
});

test("a charge that takes the latency it is set to is within the provider's limit", async () => {
  using folder = tempDir();
  const latencyMs = 45_000;
  const provider = openSimulatedProvider({
    ledgerPath: folder.join("ledger.db"),
    successRate: 1,
    latencyMs,
    seed: "",
    now: Date.now,
  });
  expect(provider.limitMs).toBeGreaterThan(latencyMs);
  await provider.close();
});
