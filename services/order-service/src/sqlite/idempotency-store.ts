import {
  type CommitQueue,
  type Database,
  prunableTable,
  type Writer,
  writerOf,
} from "@order-outbox/sqlite";
import { DONE, type Outcome } from "@order-outbox/units";
import {
  type IdempotencyRecord,
  type IdempotencyStore,
  rememberKey,
} from "../idempotency-store.ts";
import { prunableKeys } from "./prunable-keys.ts";

const COLUMNS = "key, requestHash, orderId, response, createdAt";

/** Writes what a key is used for, unless it is known. */
export function keyWriter(db: Database): Writer {
  const put = db.prepare<unknown, [string, string, string, string, string, string]>(
    `INSERT INTO idempotency_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET requestHash = excluded.requestHash,
       orderId = excluded.orderId, response = excluded.response, createdAt = excluded.createdAt
       WHERE createdAt <= ?`,
  );
  const known = db.prepare<IdempotencyRecord, [string]>(
    `SELECT ${COLUMNS} FROM idempotency_keys WHERE key = ?`,
  );
  return writerOf(rememberKey, (uses) =>
    uses.map(({ key, requestHash, orderId, response, createdAt, notBefore }) => {
      if (put.run(key, requestHash, orderId, response, createdAt, notBefore).changes > 0)
        return DONE;
      return { status: "refused", found: known.get(key) } as Outcome<IdempotencyRecord>;
    }),
  );
}

/** @param queue through which everything in this service writes; its reads share a transaction */
export function createIdempotencyStore(db: Database, queue: CommitQueue): IdempotencyStore {
  const find = db.prepare<IdempotencyRecord, [string, string]>(
    `SELECT ${COLUMNS} FROM idempotency_keys WHERE key = ? AND createdAt > ?`,
  );
  return {
    find: async (key, notBefore) => queue.read(() => find.get(key, notBefore)) ?? undefined,
    prunable: prunableTable(queue, prunableKeys(db)),
  };
}
