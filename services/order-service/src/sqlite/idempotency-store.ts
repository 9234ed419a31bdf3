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
import { keyIndexOf } from "./key-index.ts";
import { prunableKeys } from "./prunable-keys.ts";

/** Writes what a key is used for, unless it is known. */
export function keyWriter(db: Database, index = keyIndexOf(db)): Writer {
  return writerOf(rememberKey, (uses) => {
    index.catchUp();
    const outcomes = uses.map((use): Outcome<IdempotencyRecord> => {
      const found = index.find(use.key);
      if (found !== undefined && found.createdAt > use.notBefore)
        return { status: "refused", found };
      if (found !== undefined) index.remove(use.key);
      index.add(use);
      return DONE;
    });
    index.sortIn();
    return outcomes;
  });
}

/** @param queue through which everything in this service writes; its reads share a transaction */
export function createIdempotencyStore(
  db: Database,
  queue: CommitQueue,
  index = keyIndexOf(db),
): IdempotencyStore {
  return {
    find: async (key, notBefore) =>
      queue.read(() => {
        index.catchUp();
        const found = index.find(key);
        return found !== undefined && found.createdAt > notBefore ? found : undefined;
      }),
    prunable: prunableTable(queue, prunableKeys(db)),
  };
}
