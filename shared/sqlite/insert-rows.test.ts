import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { prepareInsertRows } from "./mod.ts";

test.each([0, 1, 15, 16, 17, 50])(
  "%p rows stand in their order, and those that were there are not counted",
  (count) => {
    using db = new Database(":memory:");
    db.run(
      "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, length INTEGER)",
    );
    const insert = prepareInsertRows<[string, number | null]>(
      db,
      "words (word, length)",
      "ON CONFLICT (word) DO NOTHING",
    );
    const rows = Array.from({ length: count }, (_, i): [string, number | null] => [
      `word ${i}`,
      i % 2 === 0 ? i : null,
    ]);
    expect(insert(rows)).toBe(count);
    expect(db.query("SELECT word, length FROM words ORDER BY id").values()).toEqual(rows);
    expect(insert([["new", 0], ...rows, ["new", 1], ["newer", 1]])).toBe(2);
  },
);
