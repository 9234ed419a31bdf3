import type { Database } from "bun:sqlite";
import { AppError } from "@order-outbox/errors";
import { tellMigration } from "./crash-points.ts";
import { openDatabase } from "./open.ts";
import { storageError } from "./storage-error.ts";

/** One step of a schema. Its place in the list is its version; steps are only ever appended. */
export interface Migration {
  /** Says in errors which step failed. */
  name: string;
  /** SQL (several statements are fine) or a synchronous function. It runs inside a transaction. */
  up: string | ((db: Database) => void);
}

/**
 * Brings a database up to the last of `migrations`, each step in a transaction of its own together
 * with its version number (`PRAGMA user_version`). Several processes may do so at once: each step
 * is applied by one of them.
 *
 * @throws AppError `STORAGE_SCHEMA_NEWER` when the file knows more steps than this program, and
 * `STORAGE_FAILED` or `STORAGE_FULL` when a step fails, which leaves the file at the step before.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  while (versionOf(db, migrations.length) < migrations.length) applyNext(db, migrations);
}

/**
 * Opens the database of a service, as `openDatabase` does, and brings it up to date.
 *
 * @throws AppError what `openDatabase` and `migrate` throw
 */
export function openMigrated(path: string, migrations: readonly Migration[]): Database {
  const db = openDatabase(path);
  migrate(db, migrations);
  return db;
}

function applyNext(db: Database, migrations: readonly Migration[]): void {
  let name = "the next step";
  try {
    db.run("BEGIN IMMEDIATE");
    const version = versionOf(db, migrations.length);
    const next = migrations[version];
    if (next) {
      name = next.name;
      runStep(db, next);
      db.run(`PRAGMA user_version = ${version + 1}`);
      tellMigration(name);
    }
    db.run("COMMIT");
  } catch (error) {
    if (db.inTransaction) db.run("ROLLBACK");
    if (error instanceof AppError) throw error;
    throw storageError(error, `cannot migrate ${db.filename} (${name})`);
  }
}

function runStep(db: Database, { name, up }: Migration): void {
  const result: unknown = typeof up === "string" ? db.run(up) : up(db);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new AppError("WORK_NOT_SYNCHRONOUS", `the migration ${name} returned a promise`);
  }
  if (!db.inTransaction) throw new Error("it ended its own transaction");
}

function versionOf(db: Database, known: number): number {
  const version = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
  if (version === undefined) throw new AppError("STORAGE_FAILED", `${db.filename} has no version`);
  if (version <= known) return version;
  throw new AppError(
    "STORAGE_SCHEMA_NEWER",
    `${db.filename} has schema version ${version}, but this program knows only ${known}: run the newer program again, or restore a backup from before it ran`,
    { details: { path: db.filename, version, known } },
  );
}
