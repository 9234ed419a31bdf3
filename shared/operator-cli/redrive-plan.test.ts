import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { findParked, releaseParked } from "./redrive-plan.ts";

/** What a redrive looks at of an outbox. */
const TABLES = `
  CREATE TABLE outbox (id INTEGER PRIMARY KEY, eventId TEXT, eventType TEXT, partitionKey TEXT,
    isPublished INTEGER DEFAULT 0, attempts INTEGER, parkedAt TEXT, discardedAt TEXT);
  CREATE TABLE operator_audit (at TEXT, action TEXT, target TEXT, reason TEXT);
`;

test("rows that are redriven have all their attempts again, and those discarded meanwhile stay", () => {
  using db = new Database(":memory:", { strict: true });
  db.run(TABLES);
  for (const key of ["a", "b"]) {
    db.run(
      "INSERT INTO outbox (eventId, partitionKey, attempts, parkedAt) VALUES (?1, ?1, 3, '2026')",
      [key],
    );
  }
  const parked = findParked(db, { id: undefined, key: undefined, outbox: true, held: true });
  expect(parked.map(({ partitionKey }) => partitionKey)).toEqual(["a", "b"]);
  db.run("UPDATE outbox SET discardedAt = '2026' WHERE partitionKey = 'b'");

  expect(releaseParked(db, parked, "2026")).toEqual([1]);
  expect(db.query("SELECT id, attempts, parkedAt FROM outbox").values()).toEqual([
    [1, 0, null],
    [2, 3, "2026"],
  ]);
});
