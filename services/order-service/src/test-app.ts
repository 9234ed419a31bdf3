import { newEventId } from "@order-outbox/events";
import { createLogger, type Logger } from "@order-outbox/service-kit";
import type { CommitQueue, Database } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { createApp } from "./app.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";
import type { OrderStore } from "./order-store.ts";
import { ORDER_TABLES } from "./sqlite/stores.ts";

/** For tests: the app on a real database file, without a broker. */
export interface TestApp extends Disposable {
  readonly db: Database;
  readonly orders: OrderStore;
  readonly keys: IdempotencyStore;
  readonly queue: CommitQueue;
  readonly logger: Logger;
  readonly logLines: readonly string[];
  request(path: string, init?: RequestInit): Promise<Response>;
  postOrder(order: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The rows of `orders` and `outbox`. */
  counts(): { orders: number; outbox: number };
}

export const KEY_RETENTION_MS = 24 * 3_600_000;

export interface AcceptedOrder {
  orderId: string;
  amount: number;
}

export const bodyOf = async <Body>(response: Response): Promise<Body> =>
  (await response.json()) as Body;

/**
 * @param queueLimit how many orders may wait for their commit
 * @param newId makes the ids of orders and events
 * @param busyMs how long an order may wait for another process's lock
 * @param databasePath in a temporary folder when it is left out
 */
export function openTestApp({
  queueLimit = 10_000,
  now = Date.now,
  databasePath = "",
  busyMs = 2_000,
  newId = newEventId,
} = {}): TestApp {
  const folder = tempDir();
  const { db, queue, stores, close } = ORDER_TABLES.open({
    service: "order-service",
    database: databasePath || folder.join("orders.db"),
    publishes: true,
    consumes: true,
    now,
    limit: queueLimit,
    busyMs,
  });
  const { orders, keys } = stores;
  const logLines: string[] = [];
  const logger = createLogger({
    service: "order-service",
    format: "json",
    destination: { write: (line) => void logLines.push(line) },
  });
  const app = createApp({
    orders,
    units: queue,
    sources: { newId, now },
    keys,
    keyRetentionMs: KEY_RETENTION_MS,
    keyClock: now,
    operations: { logger, health: { service: "order-service", readiness: () => "ready" } },
  });
  const request = async (path: string, init?: RequestInit) =>
    app.handle(new Request(`http://localhost${path}`, init));
  const count = (table: string) =>
    db.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM ${table}`).get()?.rows ?? 0;
  return {
    db,
    orders,
    keys,
    queue,
    logger,
    logLines,
    request,
    postOrder: (order, headers = {}) =>
      request("/api/orders", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(order),
      }),
    counts: () => ({ orders: count("orders"), outbox: count("outbox") }),
    [Symbol.dispose]() {
      close();
      folder[Symbol.dispose]();
    },
  };
}
