import type { Database } from "@order-outbox/sqlite";

/** What a key was used for, and what was answered. Times are ISO 8601, UTC. */
export interface IdempotencyRecord {
  key: string;
  requestHash: string;
  orderId: string;
  /** JSON. */
  response: string;
  createdAt: string;
}

/** The keys that requests were made with. */
export interface IdempotencyStore {
  /** A key that was used before `notBefore`, or right then, counts as never used. */
  find(key: string, notBefore: string): IdempotencyRecord | undefined;
  /** Replaces what an expired key was used for. */
  put(record: IdempotencyRecord): void;
}

export function createIdempotencyStore(db: Database): IdempotencyStore {
  const find = db.prepare<IdempotencyRecord, [string, string]>(
    `SELECT key, requestHash, orderId, response, createdAt FROM idempotency_keys
     WHERE key = ? AND createdAt > ?`,
  );
  const put = db.prepare<unknown, [string, string, string, string, string]>(
    `INSERT OR REPLACE INTO idempotency_keys (key, requestHash, orderId, response, createdAt)
     VALUES (?, ?, ?, ?, ?)`,
  );

  return {
    find: (key, notBefore) => find.get(key, notBefore) ?? undefined,
    put({ key, requestHash, orderId, response, createdAt }) {
      put.run(key, requestHash, orderId, response, createdAt);
    },
  };
}
