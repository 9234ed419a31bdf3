import { join } from "node:path";
import { closeDatabase, createCommitQueue, openDatabase, writerOf } from "@order-outbox/sqlite";
import { DONE, type Outcome } from "./mod.ts";
import {
  claim,
  put,
  reach,
  settle,
  type ToyState,
  type ToyStore,
  write,
} from "./test-units-contract.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, owner TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS reached (name TEXT PRIMARY KEY, "to" INTEGER NOT NULL) STRICT;`;

/** A toy store in `toy.db` of a folder, which may have been left by another process. */
export function openToyIn(folder: string): ToyStore {
  const db = openDatabase(join(folder, "toy.db"));
  db.run(TABLES);
  let sums = 0;
  const insertName = db.prepare("INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING");
  const ownerOf = db.prepare<{ owner: string }, [string]>("SELECT owner FROM names WHERE name = ?");
  const insertItem = db.prepare("INSERT INTO items VALUES (?, 'OPEN')");
  const end = db.prepare("UPDATE items SET state = ? WHERE id = ? AND state = 'OPEN'");
  const stateOf = db.prepare<{ state: string }, [string]>("SELECT state FROM items WHERE id = ?");
  const insertLine = db.prepare("INSERT INTO log (text) VALUES (?)");
  const raise = db.prepare(
    `INSERT INTO reached VALUES (?, ?)
     ON CONFLICT DO UPDATE SET "to" = excluded."to" WHERE excluded."to" > "to"`,
  );
  const queue = createCommitQueue(db, {
    writers: [
      writerOf(claim, (values) =>
        values.map(({ name, owner }): Outcome<string> => {
          if (insertName.run(name, owner).changes > 0) return DONE;
          return { status: "refused", found: ownerOf.get(name)?.owner ?? "" };
        }),
      ),
      writerOf(put, (values) => {
        for (const { id } of values) insertItem.run(id);
        return undefined;
      }),
      writerOf(settle, (values) =>
        values.map(({ id, state }): Outcome<string | undefined> => {
          if (end.run(state, id).changes > 0) return DONE;
          const found = stateOf.get(id)?.state;
          return { status: found === undefined ? "refused" : "kept", found };
        }),
      ),
      writerOf(write, (values) => {
        for (const text of values) insertLine.run(text);
        return undefined;
      }),
    ],
    lastly: [
      writerOf(reach, (values) => {
        sums += 1;
        for (const { name, to } of values) raise.run(name, to);
        return undefined;
      }),
    ],
  });
  const reader = openDatabase(join(folder, "toy.db"));
  const rows = (sql: string) => reader.query(sql).values() as never[];
  return {
    units: queue,
    state: (): ToyState => ({
      names: rows("SELECT name, owner FROM names ORDER BY name"),
      items: rows("SELECT id, state FROM items ORDER BY id"),
      log: rows("SELECT text FROM log ORDER BY id").flat(),
      reached: rows('SELECT name, "to" FROM reached ORDER BY name'),
    }),
    sums: () => sums,
    async [Symbol.asyncDispose]() {
      await queue.close();
      closeDatabase(reader);
      closeDatabase(db);
    },
  };
}
