import { expect, test } from "bun:test";
import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAppError } from "@order-outbox/errors";
import { closeDatabase, openDatabase } from "./mod.ts";
import { scalar, tempDatabase } from "./temp-database.ts";

test("every connection is durable, waits for locks, enforces foreign keys and spills to memory", () => {
  using temp = tempDatabase();
  const pragmas = (db = temp.db) =>
    ["journal_mode", "synchronous", "busy_timeout", "foreign_keys", "temp_store"].map((name) =>
      scalar(db, `PRAGMA ${name}`),
    );
  expect(pragmas()).toEqual(["wal", 2, 5000, 1, 2]);
  const second = temp.connect({ synchronous: "NORMAL", busyTimeoutMs: 70 });
  expect(pragmas(second)).toEqual(["wal", 1, 70, 1, 2]);
});

test("a misspelt parameter is an error instead of NULL", () => {
  using temp = tempDatabase();
  const insert = temp.db.prepare("INSERT INTO item (text) VALUES ($text)");
  expect(() => insert.run({ texd: "a" })).toThrow("Missing parameter");
});

test("parent folders are created for a writer, and nothing is for a reader", () => {
  using temp = tempDatabase();
  const deep = join(temp.folder, "a", "b", "deep.db");
  expect(() => openDatabase(deep, { readonly: true })).toThrow(deep);
  expect(existsSync(join(temp.folder, "a"))).toBe(false);
  closeDatabase(openDatabase(deep));
  expect(existsSync(deep)).toBe(true);
});

test("a reader sees committed rows and cannot write", () => {
  using temp = tempDatabase();
  temp.db.run("INSERT INTO item (text) VALUES ('a')");
  const reader = temp.connect({ readonly: true });
  expect(scalar(reader, "SELECT text FROM item")).toBe("a");
  expect(() => reader.run("DELETE FROM item")).toThrow("readonly");
});

test("what cannot be opened is named by its path", () => {
  using temp = tempDatabase();
  const garbage = join(temp.folder, "notes.txt");
  writeFileSync(garbage, "this is certainly not a database file ".repeat(40));
  for (const path of [garbage, temp.folder, join(garbage, "below.db"), ":memory:"]) {
    let thrown: unknown;
    try {
      openDatabase(path);
    } catch (error) {
      thrown = error;
    }
    expect([path, isAppError(thrown, "STORAGE_FAILED"), String(thrown)]).toEqual([
      path,
      true,
      expect.stringContaining(path),
    ]);
  }
});

test("closing folds the WAL into the file, with statements still prepared, and may be repeated", () => {
  using temp = tempDatabase();
  temp.db.query("SELECT * FROM item").all();
  temp.db.prepare("INSERT INTO item (text) VALUES (?)").run("kept");
  closeDatabase(temp.db);
  closeDatabase(temp.db);
  expect(existsSync(`${temp.path}-wal`)).toBe(false);
  expect(scalar(temp.connect(), "SELECT text FROM item")).toBe("kept");
});

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("a database, its WAL and the folders made for it are for its owner alone", () => {
  using temp = tempDatabase();
  const folder = join(temp.folder, "made");
  const path = join(folder, "private.db");
  const db = openDatabase(path);
  db.run("CREATE TABLE item (text)");
  const files = [path, `${path}-wal`, `${path}-shm`];
  expect(files.map(modeOf)).toEqual(["600", "600", "600"]);
  expect(modeOf(folder)).toBe("700");
  for (const file of files) chmodSync(file, 0o644);
  closeDatabase(openDatabase(path));
  expect(files.map(modeOf)).toEqual(["600", "600", "600"]);
  chmodSync(path, 0o640);
  closeDatabase(openDatabase(path));
  expect(modeOf(path)).toBe("640");
  closeDatabase(db);
});
