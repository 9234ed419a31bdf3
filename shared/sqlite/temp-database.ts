import type { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDatabase, type OpenOptions, openDatabase } from "./open.ts";

/** For tests: a real database file in a folder of its own, gone with everything opened by `using`. */
export interface TempDatabase extends Disposable {
  folder: string;
  path: string;
  db: Database;
  /** Another connection to the same file. */
  connect(options?: OpenOptions): Database;
}

/** Creates the file `test.db` and runs `schema` in it. */
export function tempDatabase(schema = "CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT)") {
  const folder = mkdtempSync(join(tmpdir(), "order-outbox-sqlite-"));
  const path = join(folder, "test.db");
  const opened: Database[] = [];
  const connect = (options?: OpenOptions): Database => {
    const db = openDatabase(path, options);
    opened.push(db);
    return db;
  };
  const db = connect();
  db.run(schema);
  return {
    folder,
    path,
    db,
    connect,
    [Symbol.dispose]() {
      for (const connection of opened) closeDatabase(connection);
      rmSync(folder, { recursive: true, force: true });
    },
  } satisfies TempDatabase;
}

/** The single value that `sql` yields. */
export function scalar(db: Database, sql: string): unknown {
  return db.query(sql).values()[0]?.[0];
}

/** Lets a database grow by `pages` pages of 4 KiB before it is full. */
export function limitGrowth(db: Database, pages: number): void {
  db.run(`PRAGMA max_page_count = ${Number(scalar(db, "PRAGMA page_count")) + pages}`);
}
