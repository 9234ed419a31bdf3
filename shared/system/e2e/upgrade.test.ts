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

/** Holds the unfinished order's event in a consumer's database, as the first version wrote it. */
function holdUnfinished(dataDir: string, database: string): string {
  const paid = rows<{ orderId: string }>(dataDir, "payments.db", "SELECT orderId FROM payments");
  const done = paid.map(({ orderId }) => `'${orderId}'`).join(", ");
  const [event] = rows<{ eventId: string; orderId: string; payload: string; createdAt: string }>(
    dataDir,
    "orders.db",
    `SELECT eventId, orderId, payload, createdAt FROM outbox WHERE orderId NOT IN (${done})`,
  );
  if (event === undefined) throw new Error("no order is unfinished");
  const { eventId, orderId, payload, createdAt } = event;
  const headers = {
    ...{ ce_specversion: "1.0", ce_id: eventId, ce_type: "ORDER_CREATED", ce_time: createdAt },
    ...{ ce_source: "/order-service", ce_subject: orderId, "content-type": "application/json" },
  };
  using db = new Database(join(dataDir, database));
  db.query(
    `INSERT INTO held_events (state, clusterId, topic, partition, "offset", eventId, eventType,
       eventKey, headers, key, value, errorCode, lastError, attempts, heldAt, nextAttemptAt)
     SELECT 'RETRYING', clusterId, 'order_created', 0, $offset, $eventId, 'ORDER_CREATED', $orderId,
       $headers, CAST($orderId AS BLOB), CAST($payload AS BLOB), 'BROKER_UNAVAILABLE', 'a test', 1,
       $createdAt, $createdAt
     FROM consumer_offsets LIMIT 1`,
  ).run({
    $offset: HELD_OFFSET,
    ...{ $eventId: eventId, $orderId: orderId, $headers: JSON.stringify(headers) },
    ...{ $payload: payload, $createdAt: createdAt },
  });
  return eventId;
}

/** Where the held record is said to have stood: no other one does. */
const HELD_OFFSET = 4711;

test("databases of the first version go on: nobody is charged or told twice, all events are known", async () => {
  using dir = tempDir();
  unpackKept(dir.path);
  const before = charges(dir.path);
  expect(before).toHaveLength(4);
  expect(rows(dir.path, "payments.db", "SELECT id FROM payments")).toHaveLength(3);
  const heldBy = ["payments.db", "notifications.db"];
  const [held = ""] = heldBy.map((database) => holdUnfinished(dir.path, database));
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
  // It was the held record that took effect, and not the one that came again.
  for (const database of heldBy) {
    const sql = `SELECT "offset" FROM inbox WHERE eventId = '${held}'`;
    expect([database, rows(dir.path, database, sql)]).toEqual([
      database,
      [{ offset: HELD_OFFSET }],
    ]);
  }
});
