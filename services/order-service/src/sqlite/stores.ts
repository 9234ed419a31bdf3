import { sqliteTables } from "@order-outbox/service";
import type { IdempotencyStore } from "../idempotency-store.ts";
import type { OrderStore } from "../order-store.ts";
import { createIdempotencyStore, keyWriter } from "./idempotency-store.ts";
import { createOrderStore, orderWriters } from "./order-store.ts";
import { MIGRATIONS } from "./schema.ts";

/** What order-service reads. */
export interface OrderStores {
  orders: OrderStore;
  keys: IdempotencyStore;
}

/** orders.db: who writes what order-service decides, and what it reads. */
export const ORDER_TABLES = sqliteTables<OrderStores>({
  migrations: MIGRATIONS,
  writers: (db) => [keyWriter(db), ...orderWriters(db)],
  stores: (db, queue) => ({
    orders: createOrderStore(db),
    keys: createIdempotencyStore(db, queue),
  }),
});
