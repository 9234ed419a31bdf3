import type { Database } from "@order-outbox/sqlite";
import type { IdempotencyRecord } from "../idempotency-store.ts";

/** How many keys are sorted into the index at once: some ten milliseconds. */
const SORTED_AT_ONCE = 4_096;

const COLUMNS = "key, requestHash, orderId, response, createdAt";

/**
 * The stored idempotency keys of a database, by key. The newest are known by memory, the others by
 * `idempotency_index`, into which thousands are sorted at once: one by one, every key would change a
 * page of its own. `idempotency_indexed` says up to which row that is done.
 */
export interface KeyIndex {
  /**
   * Takes in what other connections have stored. Call it first of all in a transaction; then `find`
   * knows every stored key.
   */
  catchUp(): void;
  /** The use of a key that is stored, however old. */
  find(key: string): IdempotencyRecord | undefined;
  /** Stores a use of a key that is not stored, inside a transaction. */
  add(use: IdempotencyRecord): void;
  /** Removes the use of a key, inside a transaction. */
  remove(key: string): void;
  /** Sorts the newest keys into the index once there are many, inside a transaction. */
  sortIn(): void;
}

const indexes = new WeakMap<Database, KeyIndex>();

/** The one index of a connection, which who writes and who reads have in common. */
export function keyIndexOf(db: Database): KeyIndex {
  const index = indexes.get(db) ?? createKeyIndex(db);
  indexes.set(db, index);
  return index;
}

/** @param sortedAtOnce how many keys are sorted into the index at once */
export function createKeyIndex(db: Database, sortedAtOnce = SORTED_AT_ONCE): KeyIndex {
  // New keys are looked for at random; with 2 MiB, SQLite's default, most looks went through the file.
  db.run("PRAGMA cache_size = -16384");
  const version = db.prepare<{ data_version: number }, []>("PRAGMA data_version");
  const newer = db.prepare<{ id: number; key: string }, [number]>(
    "SELECT id, key FROM idempotency_keys WHERE id > ? ORDER BY id",
  );
  const indexedThrough = db.prepare<{ id: number }, []>("SELECT id FROM idempotency_indexed");
  const byId = db.prepare<IdempotencyRecord, [number]>(
    `SELECT ${COLUMNS} FROM idempotency_keys WHERE id = ?`,
  );
  const byKey = db.prepare<{ id: number }, [string]>(
    "SELECT id FROM idempotency_index WHERE key = ?",
  );
  const removeRow = db.prepare<unknown, [number, string]>(
    "DELETE FROM idempotency_keys WHERE id = ? AND key = ?",
  );
  const removePlace = db.prepare<unknown, [string]>("DELETE FROM idempotency_index WHERE key = ?");
  const insert = db.prepare<unknown, [string, string, string, string, string]>(
    `INSERT INTO idempotency_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`,
  );
  const sort = db.prepare<unknown, []>(
    `INSERT INTO idempotency_index (key, id)
     SELECT key, max(id) FROM idempotency_keys
     WHERE id > (SELECT id FROM idempotency_indexed) GROUP BY key
     ON CONFLICT (key) DO UPDATE SET id = excluded.id`,
  );
  const noteSorted = db.prepare<unknown, []>(
    `UPDATE idempotency_indexed
     SET id = max(id, (SELECT coalesce(max(id), 0) FROM idempotency_keys))`,
  );

  /**
   * Rows by key, among them all beyond `indexed`, in the order of their ids. Some may be rolled back
   * or pruned, so each is looked at.
   */
  const recent = new Map<string, number>();
  /** Only what is known to be committed moves these two. */
  let seen = 0;
  let indexed = 0;
  /** The highest id that was noted, committed or not. */
  let newest = 0;
  let seenVersion: number | undefined;

  function note(key: string, id: number): void {
    recent.delete(key);
    recent.set(key, id);
    newest = id;
  }

  /** It differs when others have committed, so never between the first and the last of our writes. */
  function catchUp(): void {
    const current = version.get()?.data_version;
    if (current === seenVersion) return;
    if (seenVersion === undefined) indexed = indexedThrough.get()?.id ?? 0;
    for (const { id, key } of newer.all(Math.max(seen, indexed))) {
      note(key, id);
      seen = id;
    }
    seenVersion = current;
  }

  function rowOf(id: number | undefined, key: string): IdempotencyRecord | undefined {
    const row = id === undefined ? undefined : byId.get(id);
    return row?.key === key ? row : undefined;
  }

  /** Between transactions, where nothing is read that may be rolled back. */
  function forgetSorted(): void {
    try {
      indexed = indexedThrough.get()?.id ?? 0;
    } catch {
      return; // The database was closed.
    }
    for (const [key, id] of recent) {
      if (id > indexed) return;
      recent.delete(key);
    }
  }

  return {
    catchUp,
    find: (key) => rowOf(recent.get(key), key) ?? rowOf(byKey.get(key)?.id, key),
    add({ key, requestHash, orderId, response, createdAt }) {
      const { lastInsertRowid } = insert.run(key, requestHash, orderId, response, createdAt);
      note(key, Number(lastInsertRowid));
    },
    remove(key) {
      for (const id of [recent.get(key), byKey.get(key)?.id]) {
        if (id !== undefined) removeRow.run(id, key);
      }
      removePlace.run(key);
    },
    sortIn() {
      if (newest - indexed < sortedAtOnce) return;
      sort.run();
      noteSorted.run();
      setImmediate(forgetSorted);
    },
  };
}
