/** A small service of its own: an order earns its customer ten points, once. */

import { type DomainEvent, EVENTS } from "@order-outbox/contracts";
import { createInboxStore, inboxSchema, inboxWriters, startInbox } from "@order-outbox/inbox";
import { createKafkaClient } from "@order-outbox/kafka";
import { createCommitQueue, migrate, openDatabase, sqlWriter } from "@order-outbox/sqlite";
import { sql } from "@order-outbox/units";

const [kafkaHost = "", databasePath = "", topic = "", groupId = ""] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn: console.log, error: console.log };

const db = openDatabase(databasePath);
migrate(db, [
  { name: "create the inbox", up: inboxSchema(groupId) },
  {
    name: "create points",
    up: "CREATE TABLE points (customerId TEXT PRIMARY KEY, points INTEGER)",
  },
]);
const units = createCommitQueue(db, inboxWriters(db, [sqlWriter(db)]));
const addPoints = (customerId: string) =>
  sql({
    statement: `INSERT INTO points VALUES (?, 10)
      ON CONFLICT (customerId) DO UPDATE SET points = points + excluded.points`,
    parameters: [customerId],
    keys: [`customer ${customerId}`],
  });

startInbox({
  client: createKafkaClient({ brokers: [kafkaHost], clientId: "points", log }),
  store: createInboxStore(db, units, groupId, Date.now),
  units,
  events: { ...EVENTS, isFromOrigin: () => true },
  topics: { [topic]: 1 },
  handlers: {
    ORDER_CREATED: {
      decide: ({ data }: DomainEvent<"ORDER_CREATED">) => [addPoints(data.customerId)],
    },
  },
  log,
  now: Date.now,
});
