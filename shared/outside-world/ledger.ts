import { type AppError, isoTime } from "@order-outbox/errors";
import {
  closeDatabase,
  createCommitQueue,
  type Database,
  type Migration,
  migrate,
  openDatabase,
  prepareInsertRows,
} from "@order-outbox/sqlite";

/** What stands under a key. */
export interface Standing<Entry> {
  /** The key of the call that recorded it: another one when that was made by a former version. */
  key: string;
  entry: Entry;
}

/** An append-only record of what was done, once per idempotency key. */
export interface Ledger {
  /**
   * Records `entry` under `key` unless the key is known, and resolves when it is in the file.
   *
   * @returns what stands under the key: this entry, or the one of the first call
   */
  record<Entry>(key: string, entry: Entry): Promise<Standing<Entry>>;
  /** Why nothing can be recorded now, as far as can be told without writing. */
  trouble(): AppError | undefined;
  close(): Promise<void>;
}

/** @param presentKey SQL for the key that an entry of the first version would be recorded under now */
const migrations = (presentKey: string): readonly Migration[] => [
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
  {
    name: "find former entries by present keys",
    up: `
      CREATE TABLE former_entries (
        key TEXT NOT NULL PRIMARY KEY,
        id  INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      INSERT INTO former_entries SELECT ${presentKey}, id FROM ledger WHERE true ORDER BY id
        ON CONFLICT DO NOTHING;
    `,
  },
];

interface Recording {
  key: string;
  entry: unknown;
  json: string;
  resolve: (standing: Standing<unknown>) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens the ledger of something outside the system, such as a payment provider: a file of its own,
 * written when the call is made and never changed, against which tests count what really happened.
 *
 * @param now milliseconds since the epoch
 * @param presentKey SQL of the columns `key` and `entry`: the key under which what the first version
 *   of a ledger recorded is asked for now; that key stands for the first such entry
 */
export function openLedger(path: string, now: () => number, presentKey = "key"): Ledger {
  const db: Database = openDatabase(path, { synchronous: "NORMAL" });
  migrate(db, migrations(presentKey));
  const queue = createCommitQueue(db);
  const insert = prepareInsertRows<[string, string, string]>(
    db,
    "ledger (key, entry, recordedAt)",
    "ON CONFLICT (key) DO NOTHING",
  );
  const find = db.prepare<Standing<string>, [string]>(
    "SELECT key, entry FROM ledger WHERE key = ?",
  );
  const findFormer = db.prepare<Standing<string>, [string]>(
    "SELECT l.key, l.entry FROM former_entries AS f JOIN ledger AS l USING (id) WHERE f.key = ?",
  );
  const hasFormer = db.query("SELECT 1 FROM former_entries LIMIT 1").get() !== null;

  /** Those that wait for their transaction: one unit of the queue for all, as none fails alone. */
  let waiting: Recording[] | undefined;

  function write(recordings: readonly Recording[]): Standing<unknown>[] {
    const recordedAt = isoTime(now());
    const formers = recordings.map(({ key }) => (hasFormer ? findFormer.get(key) : null));
    const unknown = recordings.filter((_, i) => formers[i] === null);
    const added = insert(unknown.map(({ key, json }) => [key, json, recordedAt]));
    if (added === recordings.length) return recordings.map(({ key, entry }) => ({ key, entry }));
    return recordings.map(({ key }, i) => {
      const standing = formers[i] ?? find.get(key);
      return { key: standing?.key ?? key, entry: JSON.parse(standing?.entry ?? "null") };
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
      for (const [i, { resolve }] of recordings.entries()) resolve(stand[i] as Standing<unknown>);
    } catch (error) {
      close();
      for (const { reject } of recordings) reject(error);
    }
  }

  return {
    record<Entry>(key: string, entry: Entry): Promise<Standing<Entry>> {
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
    trouble: queue.trouble,
    async close() {
      await queue.close();
      closeDatabase(db);
    },
  };
}
