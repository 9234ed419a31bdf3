import type { Database } from "bun:sqlite";
import { createCommitQueue } from "./commit-queue.ts";
import { type Migration, migrate } from "./migrate.ts";
import { closeDatabase, openDatabase } from "./open.ts";

/** One thing that was done, as the ledger keeps it. */
export interface LedgerEntry {
  /** The caller's idempotency key. */
  key: string;
  /** JSON. */
  entry: string;
  /** ISO 8601, UTC. */
  recordedAt: string;
}

/** An append-only record of what was done, once per idempotency key. */
export interface Ledger {
  /**
   * Records `entry` under `key` unless the key is known, and resolves when it is in the file.
   *
   * @returns what stands under the key: this entry, or the one of the first call
   */
  record<Entry>(key: string, entry: Entry): Promise<Entry>;
  close(): Promise<void>;
}

const MIGRATIONS: readonly Migration[] = [
  {
    name: "create the ledger",
    up: `
      CREATE TABLE ledger (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        key        TEXT NOT NULL UNIQUE,
        entry      TEXT NOT NULL,
        recordedAt TEXT NOT NULL
      ) STRICT;
      CREATE TRIGGER ledger_keeps_entries BEFORE DELETE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
      CREATE TRIGGER ledger_keeps_words BEFORE UPDATE ON ledger
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    `,
  },
];

interface Recording {
  key: string;
  entry: unknown;
  json: string;
  resolve: (standing: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens the ledger of something outside the system, such as a payment provider: a file of its own,
 * written when the call is made and never changed, against which tests count what really happened.
 *
 * @param now milliseconds since the epoch
 */
export function openLedger(path: string, now: () => number): Ledger {
  const db: Database = openDatabase(path, { synchronous: "NORMAL" });
  migrate(db, MIGRATIONS);
  const queue = createCommitQueue(db);
  const insert = db.prepare<unknown, [string, string, string]>(
    "INSERT INTO ledger (key, entry, recordedAt) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
  );
  const find = db.prepare<{ entry: string }, [string]>("SELECT entry FROM ledger WHERE key = ?");

  /** Those that wait for their transaction: one unit of the queue for all, as none fails alone. */
  let waiting: Recording[] | undefined;

  function write(recordings: readonly Recording[]): unknown[] {
    const recordedAt = new Date(now()).toISOString();
    return recordings.map(({ key, entry, json }) => {
      if (insert.run(key, json, recordedAt).changes > 0) return entry;
      return JSON.parse(find.get(key)?.entry ?? "null");
    });
  }

  async function writeTogether(recordings: readonly Recording[]): Promise<void> {
    const close = () => {
      if (waiting === recordings) waiting = undefined;
    };
    try {
      const stand = await queue.run(() => {
        close();
        return write(recordings);
      });
      for (const [i, { resolve }] of recordings.entries()) resolve(stand[i]);
    } catch (error) {
      close();
      for (const { reject } of recordings) reject(error);
    }
  }

  return {
    record<Entry>(key: string, entry: Entry): Promise<Entry> {
      return new Promise((resolve, reject) => {
        const json = JSON.stringify(entry);
        // What stands under a key is what a call with that key has recorded.
        const recording = { key, entry, json, resolve: resolve as Recording["resolve"], reject };
        if (waiting !== undefined) {
          waiting.push(recording);
          return;
        }
        waiting = [recording];
        void writeTogether(waiting);
      });
    },
    async close() {
      await queue.close();
      closeDatabase(db);
    },
  };
}
