import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "./mod.ts";

const folder = mkdtempSync(join(tmpdir(), "ledger-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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
  expect(answers.map(({ outcome }) => outcome)).toEqual(["first", "first", "other", "first"]);

  const db = new Database(path);
  expect(db.query("SELECT key, recordedAt FROM ledger ORDER BY id").values()).toEqual([
    ["k1", "1970-01-01T00:00:00.000Z"],
    ["k2", "1970-01-01T00:00:00.000Z"],
  ]);
  expect(() => db.run("DELETE FROM ledger")).toThrow("append-only");
  expect(() => db.run("UPDATE ledger SET entry = '{}'")).toThrow("append-only");
  db.close();
});
