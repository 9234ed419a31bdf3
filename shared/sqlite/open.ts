import { Database, SQLiteError } from "bun:sqlite";
import { AppError } from "@order-outbox/errors";
import { fileTrouble, noteOpenFiles } from "./open-files.ts";
import { createPrivately } from "./private-file.ts";
import { isStorageBusy, storageError } from "./storage-error.ts";

/** How a connection behaves. Every connection to a file should be opened with the same `synchronous`. */
export interface OpenOptions {
  /**
   * `FULL` (the default) puts every commit on the disk before it returns. `NORMAL` may lose the
   * last commits in a power cut, though never the file's consistency.
   */
  synchronous?: "FULL" | "NORMAL";
  /** How long a statement waits for another connection's lock, in ms; 5000 when left out. */
  busyTimeoutMs?: number;
  /** Opens an existing file for reading only; nothing is created or switched. */
  readonly?: boolean;
}

/**
 * Opens a database file in WAL mode with foreign keys enforced and strict parameter names,
 * creating it and its parent folders when needed, for its owner alone (0600, 0700).
 *
 * @throws AppError `STORAGE_READONLY` when it may not be written, `STORAGE_FULL`, `STORAGE_BUSY` or
 *   `STORAGE_FAILED`, with the path in its message.
 */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const { synchronous = "FULL", busyTimeoutMs = 5000, readonly = false } = options;
  let db: Database | undefined;
  try {
    if (!readonly && path !== ":memory:") createPrivately(path);
    db = new Database(path, readonly ? { readonly, strict: true } : { create: true, strict: true });
    // First of all, so that the statements after it wait too.
    db.run(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    if (!readonly) enableWal(db, busyTimeoutMs);
    db.run(`PRAGMA synchronous = ${synchronous}`);
    db.run("PRAGMA foreign_keys = ON");
    // Savepoints keep the pages that they would restore in a temporary file, else: two writes each.
    db.run("PRAGMA temp_store = MEMORY");
    // SQLite opens lazily: only a read tells whether the file is a database.
    db.query("SELECT count(*) FROM sqlite_schema").get();
    if (!readonly) requireWritable(db, path);
    return db;
  } catch (error) {
    db?.close();
    const failure = storageError(error, `cannot open the database ${path}`);
    throw isDamaged(error)
      ? new AppError(failure.code, failure.message, { cause: error, retryable: false })
      : failure;
  }
}

/** What no waiting mends: the file is no database, or a broken one. */
const isDamaged = (error: unknown): boolean =>
  error instanceof SQLiteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code ?? "");

/**
 * Closes the connection and everything prepared on it; the last connection to a file folds the
 * WAL into it. Closing twice is harmless; an open transaction is rolled back.
 */
export function closeDatabase(db: Database): void {
  try {
    db.close(true);
  } catch {
    // A statement is still being stepped through: SQLite closes for good when that ends.
    db.close(false);
  }
}

/** SQLite opens a file that may only be read without a word, and refuses the first write. */
function requireWritable(db: Database, path: string): void {
  noteOpenFiles(db, path);
  const trouble = fileTrouble(db);
  if (trouble !== undefined) throw trouble;
}

/**
 * The switch to WAL needs the file alone for a moment, and SQLite does not wait by busy_timeout
 * when two connections want to switch at once: it would be a deadlock.
 */
function enableWal(db: Database, timeoutMs: number): void {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const mode = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode = WAL").get();
      if (mode?.journal_mode === "wal") return;
      throw new Error(`journal mode ${mode?.journal_mode} instead of wal`);
    } catch (error) {
      if (!isStorageBusy(error) || performance.now() >= deadline) throw error;
      Bun.sleepSync(5);
    }
  }
}
