import { expect, test } from "bun:test";
import fc from "fast-check";
import { createCommitQueue } from "./mod.ts";
import { limitGrowth, tempDatabase } from "./temp-database.ts";

const RUNS = process.env.PROOF === "full" ? 300 : 20;

/** mulberry32: the same numbers in [0, 1) for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SCHEMA = `
  CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT);
  CREATE TABLE part (itemId INTEGER REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED);`;

async function play(seed: number) {
  const random = randomFrom(seed);
  using temp = tempDatabase(SCHEMA);
  const { db } = temp;
  let committedUnits = 0;
  const queue = createCommitQueue(db, {
    maxBatch: 1 + Math.floor(random() * 12),
    onCommit: (units) => {
      committedUnits += units;
    },
  });
  const insert = db.prepare("INSERT INTO item VALUES (?, ?)");
  const resolved: number[] = [];
  const errors = new Set<string>();

  const unitFor = (id: number) => {
    const dice = random();
    const text = "x".repeat(Math.floor(random() * 3000));
    return (): unknown => {
      insert.run(id, text);
      if (dice < 0.1) throw new Error("own error");
      else if (dice < 0.13) insert.run(id, "twice");
      else if (dice < 0.16) db.run("INSERT INTO part VALUES (0)");
      else if (dice < 0.19) return Promise.reject(new Error("asynchronous"));
      else if (dice < 0.21) insert.run(-id, "x".repeat(60_000));
      return id;
    };
  };

  let id = 0;
  for (let round = 0; round < 25; round++) {
    limitGrowth(db, Math.floor(random() * 12));
    const burst = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const own = ++id;
      return queue.run(unitFor(own)).then(
        () => resolved.push(own),
        (error: { code?: string; message: string }) => errors.add(error.code ?? error.message),
      );
    });
    await Promise.all(burst);
  }
  await queue.close();
  const rows = temp.connect().query("SELECT id FROM item WHERE id > 0 ORDER BY id").values().flat();
  return { rows, resolved: resolved.sort((a, b) => a - b), committedUnits, errors };
}

test("whatever fails in whatever order, the rows are exactly those of the resolved promises", async () => {
  const errors = new Set<string>();
  const oneGame = fc.asyncProperty(fc.nat(), async (seed) => {
    const played = await play(seed);
    expect(played.rows).toEqual(played.resolved);
    expect(played.committedUnits).toBe(played.resolved.length);
    for (const error of played.errors) errors.add(error);
  });
  await fc.assert(oneGame, { numRuns: RUNS, endOnFailure: true });
  // The runs are worth something only if they met every kind of failure.
  expect([...errors].sort()).toEqual([
    "SQLITE_CONSTRAINT_PRIMARYKEY",
    "STORAGE_FAILED",
    "STORAGE_FULL",
    "WORK_NOT_SYNCHRONOUS",
    "own error",
  ]);
});
