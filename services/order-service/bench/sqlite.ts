/**
 * What SQLite alone can take of orders and events, for `bun run bench`: the service's own statements
 * on its own tables with `synchronous=FULL`, `meanBatch` orders in a transaction on average, values
 * made beforehand, no HTTP and no savepoints.
 */
import { EVENTS } from "@order-outbox/contracts";
import { type OutboxEvent, prepareAppend } from "@order-outbox/outbox";
import { openMigrated } from "@order-outbox/sqlite";
import type { Order } from "../src/order-store.ts";
import { prepareInsertOrders } from "../src/sqlite/order-store.ts";
import { MIGRATIONS } from "../src/sqlite/schema.ts";

const { database, meanBatch, seconds } = JSON.parse(process.argv[2] ?? "{}") as {
  database: string;
  meanBatch: number;
  seconds: number;
};
const PREPARED = 20_000;
const WARMUP_MS = 300;

const db = openMigrated(database, MIGRATIONS);
const insertOrders = prepareInsertOrders(db);
const append = prepareAppend(db, EVENTS);
const begin = db.prepare("BEGIN IMMEDIATE");
const commit = db.prepare("COMMIT");

let values: { order: Order; event: OutboxEvent<typeof EVENTS> }[] = [];
/** The time that making values took is not SQLite's. */
let makingMs = 0;

function next() {
  if (values.length === 0) {
    const startedAt = performance.now();
    values = Array.from({ length: PREPARED }, (_, index) => valuesOf(index));
    values.reverse();
    makingMs += performance.now() - startedAt;
  }
  return values.pop() as { order: Order; event: OutboxEvent<typeof EVENTS> };
}

function valuesOf(index: number) {
  const id = Bun.randomUUIDv7();
  const createdAt = new Date().toISOString();
  const customerId = `customer-${index % 1_000}`;
  const amount = 1 + (index % 100_000) / 100;
  return {
    order: { id, customerId, amount, status: "PENDING" as const, createdAt, updatedAt: createdAt },
    event: {
      eventId: Bun.randomUUIDv7(),
      eventType: "ORDER_CREATED" as const,
      data: { orderId: id, customerId, amount },
      createdAt,
    },
  };
}

function insertFor(ms: number): { orders: number; commits: number; seconds: number } {
  const startedAt = performance.now();
  makingMs = 0;
  const elapsed = () => performance.now() - startedAt - makingMs;
  let done = 0;
  let commits = 0;
  while (elapsed() < ms) {
    commits += 1;
    const goal = Math.max(done + 1, Math.round(commits * meanBatch));
    begin.run();
    for (; done < goal; done++) {
      const { order, event } = next();
      insertOrders([order]);
      append(event);
    }
    commit.run();
  }
  return { orders: done, commits, seconds: elapsed() / 1000 };
}

process.stdin.on("end", () => process.exit(1)).resume();
insertFor(WARMUP_MS);
const result = insertFor(seconds * 1000);
console.log(JSON.stringify({ ...result, rate: result.orders / result.seconds }));
process.exit(0);
