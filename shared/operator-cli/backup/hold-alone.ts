import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, openSync, readSync } from "node:fs";
import { UserError } from "@order-outbox/tool-kit";
import { findOpeners } from "./openers.ts";

/**
 * Opens a database that nobody else has open, and keeps everybody else out until it is closed. What
 * stands in its WAL is in the file itself afterwards: SQLite leaves WAL mode only for a connection
 * that is alone, and removes the files beside it (https://sqlite.org/pragma.html#pragma_journal_mode).
 *
 * @returns undefined when it is not a readable database
 * @throws UserError when another process has it open, such as its service
 */
export function holdAlone(path: string): Database | undefined {
  // SQLite would delete the WAL beside a file that is no database.
  if (!hasHeader(path)) return undefined;
  let db: Database | undefined;
  try {
    db = new Database(path, { readwrite: true });
    db.run("PRAGMA busy_timeout = 0");
    db.run("PRAGMA journal_mode = DELETE");
    db.run("BEGIN EXCLUSIVE");
    db.query("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    db?.close();
    if (!(error instanceof SQLiteError)) throw error;
    if (!error.code?.startsWith("SQLITE_BUSY")) return undefined;
    throw inUse(path);
  }
}

/** https://sqlite.org/fileformat.html#the_database_header */
function hasHeader(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(16);
    readSync(file, header);
    return header.toString("latin1") === "SQLite format 3\0";
  } finally {
    closeSync(file);
  }
}

/** For a file that SQLite cannot read: asks the system instead. */
export function refuseIfOpen(path: string): void {
  if (findOpeners(path).length > 0) throw inUse(path);
}

function inUse(path: string): UserError {
  const openers = findOpeners(path);
  const who = openers.length === 0 ? "another process" : openers.join(", ");
  return new UserError(
    `${path} is in use by ${who}: stop the service, and what would start it again; nothing was changed`,
  );
}
