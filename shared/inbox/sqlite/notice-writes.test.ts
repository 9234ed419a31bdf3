import { expect, test } from "bun:test";
import { openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { noticeWrites } from "./notice-writes.ts";

/** As if this much later, so that no test has to wait for file times to be old. */
const LATER_MS = 5_000;
const later = () => Date.now() + LATER_MS;

test("a write by any connection is noticed once it is there, and nothing else is", () => {
  using dir = tempDir();
  using own = openDatabase(dir.join("a.db"));
  using other = openDatabase(dir.join("a.db"));
  own.run("CREATE TABLE t (x)");
  const written = noticeWrites(own.filename, later);
  expect([written(), written(), written()]).toEqual([true, false, false]);
  for (const db of [other, own]) {
    Bun.sleepSync(20);
    db.run("INSERT INTO t VALUES (1)");
    expect([written(), written()]).toEqual([true, false]);
  }
  own.query("SELECT * FROM t").all();
  expect(written()).toBe(false);
});

test("a file that was written just now may be written again unseen, so it is looked at again", () => {
  using dir = tempDir();
  using db = openDatabase(dir.join("a.db"));
  db.run("CREATE TABLE t (x)");
  let ahead = 0;
  const written = noticeWrites(db.filename, () => Date.now() + ahead);
  expect([written(), written()]).toEqual([true, true]);
  ahead = LATER_MS;
  expect([written(), written()]).toEqual([true, false]);
});

test("without a WAL in sight, and from time to time, it says that there may be something", () => {
  using dir = tempDir();
  const nothing = noticeWrites(dir.join("none.db"), later);
  expect([nothing(), nothing()]).toEqual([true, true]);
  using db = openDatabase(dir.join("a.db"));
  db.run("CREATE TABLE t (x)");
  const written = noticeWrites(db.filename, later);
  expect(Array.from({ length: 34 }, written).filter((said) => said)).toHaveLength(3);
});
