import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { inboxSchema } from "@order-outbox/inbox";
import { OUTBOX_TABLE } from "@order-outbox/outbox";
import { outboxJson } from "@order-outbox/system";
import { tempDir } from "@order-outbox/testing";

const TABLES = OUTBOX_TABLE + inboxSchema("order-service");

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

test("only rows that were published before the time are pruned, wherever they stand", async () => {
  using dir = tempDir();
  using db = new Database(dir.join("orders.db"), { create: true });
  db.run(TABLES);
  const add = db.prepare(
    `INSERT INTO outbox (id, isPublished, createdAt, publishedAt, parkedAt, discardedAt, eventId,
       eventType, orderId, payload, topic, partitionKey, keyHash)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1, 'ORDER_CREATED', 'o', '{}', 'order_created', 'o', 1)`,
  );
  const old = daysAgo(90);
  add.run(1, 1, old, daysAgo(89), null, null);
  add.run(2, 0, old, null, null, null);
  add.run(3, 0, old, null, old, null);
  add.run(4, 0, old, null, old, old);
  add.run(5, 1, old, daysAgo(29), null, null);
  add.run(6, 1, old, daysAgo(31), null, null);
  const pruning = ["prune", "--service", "order", "--outbox-older-than", "30d"];
  expect(await outboxJson({ dataDir: dir.path }, ...pruning)).toMatchObject({
    services: [{ found: 2, deleted: 2 }],
  });
  expect(db.query("SELECT id FROM outbox ORDER BY id").values().flat()).toEqual([2, 3, 4, 5]);
});
