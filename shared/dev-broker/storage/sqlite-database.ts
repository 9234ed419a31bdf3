import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { dataError } from "./data-error.ts";
import { prepareSchema } from "./sqlite-schema.ts";

/** How the store is kept. */
export interface SqliteStoreOptions {
  /** The folder of `broker.db`; without one everything is in memory and gone at the end. */
  readonly folder?: string | undefined;
  /**
   * NORMAL survives the death of the process at any moment, and a power cut without damage but
   * perhaps without the last commits; FULL also keeps those, at the cost of a disk flush each.
   */
  readonly synchronous: "NORMAL" | "FULL";
  /** A ceiling for the file; reaching it is answered like a full disk. */
  readonly maxBytes?: number | undefined;
}

/** Opens the store's database with its tables, for this process alone; throws as `dataError` says. */
export function openDatabase({ folder, synchronous, maxBytes }: SqliteStoreOptions): Database {
  const path = folder === undefined ? ":memory:" : makeFile(folder);
  const db = new Database(path, { create: true, strict: true });
  try {
    // Held from the first read to the end of the process: a second broker must not share the file.
    db.run("PRAGMA locking_mode = EXCLUSIVE");
    db.run("PRAGMA journal_mode = WAL");
    db.run(`PRAGMA synchronous = ${synchronous}`);
    prepareSchema(db, newClusterId);
    if (maxBytes !== undefined) limitSize(db, maxBytes);
    return db;
  } catch (error) {
    db.close();
    throw dataError(error, folder);
  }
}

/** For its owner alone; SQLite gives the WAL the same mode. */
function makeFile(folder: string): string {
  const path = join(folder, "broker.db");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    if (existsSync(path)) chmodSync(path, 0o600);
    else closeSync(openSync(path, "wx", 0o600));
  } catch {
    // Opening it says why, if it matters.
  }
  return path;
}

function limitSize(db: Database, maxBytes: number): void {
  const { page_size: pageBytes } = db.query("PRAGMA page_size").get() as { page_size: number };
  db.run(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
}

/** 16 random bytes in base64url, as Kafka makes its own. */
function newClusterId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
}
