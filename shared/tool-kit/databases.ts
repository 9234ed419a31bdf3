import { Database, SQLiteError } from "bun:sqlite";
import { existsSync } from "node:fs";
import { isAppError } from "@order-outbox/errors";
import type { Service } from "@order-outbox/registry";
import { databasePath, describeMissing } from "./data-dir.ts";
import { isSystemError } from "./terminal.ts";
import { UserError } from "./user-error.ts";

/** Opens a service's database for looking only; undefined when it does not exist yet. */
export function openToRead(dataDir: string, service: Service): Database | undefined {
  const path = databasePath(dataDir, service);
  return existsSync(path) ? open(path, { readonly: true }) : undefined;
}

/** Like {@link openToRead}, for a command that makes no sense without the database. */
export function requireToRead(dataDir: string, service: Service): Database {
  return openToRead(dataDir, service) ?? missing(dataDir, service);
}

/** Opens a service's database, which must exist, for short transactions beside the service's own. */
export function openToWrite(dataDir: string, service: Service): Database {
  const path = databasePath(dataDir, service);
  return existsSync(path) ? open(path, { readwrite: true }) : missing(dataDir, service);
}

/** The services that have a database there, one at least. */
export function requireAny(dataDir: string, services: readonly Service[]): readonly Service[] {
  const there = services.filter((service) => existsSync(databasePath(dataDir, service)));
  const [first] = services;
  return there.length > 0 || first === undefined ? there : missing(dataDir, first);
}

/** Runs `work` as one transaction that takes the write lock at once. */
export function writeAtOnce<Result>(db: Database, work: () => Result): Result {
  return db.transaction(work).immediate();
}

/** What went wrong, in words for an operator; what nobody foresaw as it is. */
export function explainError(error: unknown): unknown {
  if (isAppError(error)) return new UserError(error.message);
  if (isSystemError(error)) return new UserError(error.message);
  if (!(error instanceof SQLiteError)) return error;
  const { message, code } = error;
  if (/no such (table|column)/.test(message)) {
    return new UserError(
      `${message}: another version of the service wrote this database; start the service of this version once`,
    );
  }
  if (code?.startsWith("SQLITE_BUSY")) {
    return new UserError("the database is busy; nothing was changed, try again");
  }
  if (code === "SQLITE_FULL") return new UserError("the disk is full; nothing was changed");
  return new UserError(`the database: ${message} (${code})`);
}

function open(path: string, mode: { readonly: true } | { readwrite: true }): Database {
  try {
    const db = new Database(path, { ...mode, strict: true });
    db.run("PRAGMA busy_timeout = 5000");
    db.query("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError(`${path} cannot be opened: ${message}`);
  }
}

function missing(dataDir: string, service: Service): never {
  throw new UserError(describeMissing(dataDir, service));
}
