import { inboxWriters } from "@order-outbox/inbox";
import { outboxWriter } from "@order-outbox/outbox";
import type { CommitQueue, Database, UnitWritersOptions } from "@order-outbox/sqlite";
import type { IdempotencyStore } from "../idempotency-store.ts";
import type { OrderStore } from "../order-store.ts";
import { createIdempotencyStore, keyWriter } from "./idempotency-store.ts";
import { createOrderStore, orderWriters } from "./order-store.ts";

/** What order-service reads of orders.db. */
export function orderStores(
  db: Database,
  queue: CommitQueue,
): { orders: OrderStore; keys: IdempotencyStore } {
  return { orders: createOrderStore(db), keys: createIdempotencyStore(db, queue) };
}

/** Who writes what order-service decides, in the order in which it is written. */
export const orderUnitWriters = (db: Database): UnitWritersOptions =>
  inboxWriters(db, [keyWriter(db), ...orderWriters(db), outboxWriter(db)]);
