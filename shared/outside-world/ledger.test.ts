import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "ledger-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a key is recorded once, and every call with it gets what the first one recorded", async () => {
  const path = join(folder, "provider.db");
  const ledger = openLedger(path, () => 0);
  const answers = await Promise.all([
    ledger.record("k1", { outcome: "first" }),
    ledger.record("k1", { outcome: "second" }),
    ledger.record("k2", { outcome: "other" }),
  ]);
  await ledger.close();
  const reopened = openLedger(path, () => 0);
  answers.push(await reopened.record("k1", { outcome: "third" }));
  await reopened.close();
  expect(answers.map(({ entry }) => entry.outcome)).toEqual(["first", "first", "other", "first"]);

  const db = new Database(path);
  expect(db.query("SELECT key, recordedAt FROM ledger ORDER BY id").values()).toEqual([
    ["k1", "1970-01-01T00:00:00.000Z"],
    ["k2", "1970-01-01T00:00:00.000Z"],
  ]);
  expect(() => db.run("DELETE FROM ledger")).toThrow("append-only");
  expect(() => db.run("UPDATE ledger SET entry = '{}'")).toThrow("append-only");
  db.close();
});

/** A ledger as the first version left it. */
function writeFormer(path: string, entries: readonly [key: string, entry: object][]): void {
  const db = new Database(path);
  db.run(`CREATE TABLE ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    entry TEXT NOT NULL, recordedAt TEXT NOT NULL) STRICT`);
  for (const [key, entry] of entries) {
    db.run("INSERT INTO ledger (key, entry, recordedAt) VALUES (?, ?, '')", [
      key,
      JSON.stringify(entry),
    ]);
  }
  db.run("PRAGMA user_version = 1");
  db.close();
}

test("what was recorded under a former key stands under the present one, and is not recorded again", async () => {
  const path = join(folder, "former.db");
  writeFormer(path, [
    ["event-1", { order: "a", outcome: "first" }],
    ["event-2", { order: "a", outcome: "second" }],
    ["event-3", { order: "b", outcome: "other" }],
  ]);
  for (let run = 0; run < 2; run++) {
    const ledger = openLedger(path, () => 0, "'order:' || (entry ->> '$.order')");
    expect(await ledger.record("order:a", { order: "a", outcome: "third" })).toEqual({
      key: "event-1",
      entry: { order: "a", outcome: "first" },
    });
    expect(await ledger.record("order:c", { order: "c", outcome: "new" })).toEqual({
      key: "order:c",
      entry: { order: "c", outcome: "new" },
    });
    await ledger.close();
  }
  const db = new Database(path);
  expect(db.query("SELECT key FROM ledger ORDER BY id").values().flat()).toEqual([
    "event-1",
    "event-2",
    "event-3",
    "order:c",
  ]);
  db.close();
});
