/** A small service of its own: an order earns its customer ten points, once. */

import { INBOX_SCHEMA, startInbox } from "@order-outbox/inbox";
import { createKafkaClient } from "@order-outbox/kafka";
import { createCommitQueue, migrate, openDatabase } from "@order-outbox/sqlite";

const [kafkaHost = "", databasePath = "", topic = "", groupId = ""] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn: console.log, error: console.log };

const db = openDatabase(databasePath);
migrate(db, [
  { name: "create the inbox", up: INBOX_SCHEMA },
  {
    name: "create points",
    up: "CREATE TABLE points (customerId TEXT PRIMARY KEY, points INTEGER)",
  },
]);
const addPoints = db.prepare(
  `INSERT INTO points VALUES (?, 10)
   ON CONFLICT (customerId) DO UPDATE SET points = points + excluded.points`,
);

startInbox({
  client: createKafkaClient({ brokers: [kafkaHost], clientId: "points", log }),
  db,
  queue: createCommitQueue(db),
  groupId,
  isFromOrigin: () => true,
  topics: { [topic]: 1 },
  handlers: {
    ORDER_CREATED: {
      apply({ data }: { data: { customerId: string } }) {
        addPoints.run(data.customerId);
      },
    },
  },
  log,
  now: Date.now,
});
