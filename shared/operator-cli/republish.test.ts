import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { inboxSchema } from "@order-outbox/inbox";
import { OUTBOX_TABLE } from "@order-outbox/outbox";
import { outbox } from "@order-outbox/system";
import { tempDir } from "@order-outbox/testing";

const TABLES = OUTBOX_TABLE + inboxSchema("order-service");

/** Puts published rows into an orders.db, about orders of these amounts. */
function publish(db: Database, amounts: readonly number[]): void {
  for (const amount of amounts) {
    const orderId = crypto.randomUUID();
    db.run(
      `INSERT INTO outbox (eventType, topic, orderId, partitionKey, payload, isPublished, eventId,
         createdAt, keyHash)
       VALUES ('ORDER_CREATED', 'order_created', ?1, ?1, ?2, 1, ?1, '2026-01-01', 1)`,
      [orderId, JSON.stringify({ orderId, customerId: "c", amount })],
    );
  }
}

test("a row that readers would refuse is not published again, and says why", async () => {
  using dir = tempDir();
  using db = new Database(dir.join("orders.db"), { create: true });
  db.run(TABLES);
  publish(db, [5, -5, 5]);
  const pending = () => db.query("SELECT id FROM outbox WHERE isPublished = 0").values().flat();
  const again = (...which: string[]) =>
    outbox({ dataDir: dir.path }, "republish", "--service", "order", ...which, "--reason", "test");

  const refused = await again("--from-id", "1");
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.err).toContain("outbox row 2 is not published again");
  expect(refused.err).toContain("/amount must be a positive number");
  expect(pending()).toEqual([]);
  expect(await again("--id", "1")).toMatchObject({ exitCode: 0 });
  expect(pending()).toEqual([1]);
});
