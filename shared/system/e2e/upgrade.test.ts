import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "@order-outbox/testing";
import { startSystem } from "../mod.ts";
import { expectClean, placeOrders, waitUntilSettled } from "./support.ts";

/**
 * The databases and ledgers that the first version left: three finished orders, and a fourth that
 * payment-service had charged and notification-service announced when both were killed before COMMIT.
 */
const KEPT = join(import.meta.dir, "kept-databases.tar.gz");

function unpackKept(dataDir: string): void {
  const { success } = Bun.spawnSync(["tar", "-xzf", KEPT, "-C", dataDir]);
  expect(success).toBe(true);
}

function rows<Row>(dataDir: string, database: string, sql: string): Row[] {
  using db = new Database(join(dataDir, database));
  return db.query<Row, []>(sql).all();
}

const charges = (dataDir: string) =>
  rows<{ orderId: string; key: string }>(
    dataDir,
    "provider-ledger.db",
    "SELECT entry ->> '$.orderId' AS orderId, key FROM ledger ORDER BY id",
  );

test("databases of the first version go on: nobody is charged or told twice, all events are known", async () => {
  using dir = tempDir();
  unpackKept(dir.path);
  const before = charges(dir.path);
  expect(before).toHaveLength(4);
  expect(rows(dir.path, "payments.db", "SELECT id FROM payments")).toHaveLength(3);
  // All events come again, as from a broker that lost its data.
  for (const database of ["orders.db", "payments.db"]) {
    rows(dir.path, database, "UPDATE outbox SET isPublished = 0, publishedAt = NULL");
    // Nobody knows whether an owner of the first version lives: its lease would be waited for.
    rows(dir.path, database, "UPDATE relay_lease SET expiresAt = 0");
  }

  await using system = await startSystem({ dataDir: dir.path, env: { LOG_LEVEL: "warn" } });
  await waitUntilSettled(system, 4);
  expect(charges(dir.path)).toEqual(before);
  await placeOrders(system, 2);
  await waitUntilSettled(system, 6);
  await expectClean(system, 6);

  for (const [database, events] of [
    ["orders.db", 6],
    ["payments.db", 6],
    ["notifications.db", 12],
  ] as const) {
    expect(rows(dir.path, database, "SELECT * FROM held_events")).toEqual([]);
    expect(rows(dir.path, database, "SELECT * FROM inbox WHERE source > ''")).toHaveLength(events);
  }
});
