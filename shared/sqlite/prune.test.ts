import { expect, test } from "bun:test";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { waitFor } from "@order-outbox/testing";
import {
  PRUNE_CRASH_POINTS,
  type PruneCrashPoint,
  type PruneOptions,
  startPruner,
} from "@order-outbox/units";
import {
  type CommitQueue,
  createCommitQueue,
  type Database,
  type PrunableTable,
  prunableTable,
} from "./mod.ts";
import { scalar, tempDatabase } from "./temp-database.ts";

const SCHEMA = "CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL)";
const OLD = "2026-01-01";
const CUTOFF = "2026-02-01";
const YOUNG = "2026-03-01";

function prunableItems(db: Database): PrunableTable<number> {
  const scan = db.prepare<{ id: number; old: number }, [string, number, number]>(
    "SELECT id, at < ? AS old FROM item WHERE id > ? ORDER BY id LIMIT ?",
  );
  const remove = db.prepare<unknown, [string]>(
    "DELETE FROM item WHERE id IN (SELECT value FROM json_each(?))",
  );
  return {
    table: "item",
    scan(after = 0, before, limit) {
      const rows = scan.all(before, after, limit);
      return {
        old: rows.filter(({ old }) => old === 1).map(({ id }) => id),
        last: rows.length === limit ? rows.at(-1)?.id : undefined,
      };
    },
    remove: (ids) => remove.run(JSON.stringify(ids)).changes,
  };
}

interface PruneTestOptions extends Partial<PruneOptions<number>> {
  through?: CommitQueue;
}

function setUp(rows: number, limit = 10_000) {
  const temp = tempDatabase(SCHEMA);
  const queue = createCommitQueue(temp.db, { limit });
  const insert = temp.db.prepare<unknown, [string]>("INSERT INTO item (at) VALUES (?)");
  temp.db.transaction(() => {
    for (let row = 0; row < rows; row++) insert.run(OLD);
  })();
  const warnings: string[] = [];
  const log = { info: () => {}, warn: (_: object, message: string) => void warnings.push(message) };
  return {
    queue,
    warnings,
    add: () => queue.run(() => insert.run(YOUNG)),
    left: (at: string) => Number(scalar(temp.db, `SELECT count(*) FROM item WHERE at = '${at}'`)),
    prune: ({ through = queue, ...options }: PruneTestOptions = {}) =>
      startPruner({
        target: prunableTable(through, prunableItems(temp.db)),
        before: () => CUTOFF,
        log,
        random: () => 0.5,
        everyMs: 5,
        firstMs: 1,
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await queue.close();
      temp[Symbol.dispose]();
    },
  };
}

/** Hears what pruners tell while `work` runs. */
async function hearing(listen: (step: PruneCrashPoint) => void, work: () => Promise<void>) {
  const hear = (message: unknown) => listen(message as PruneCrashPoint);
  subscribe(PRUNE_CRASH_POINTS, hear);
  try {
    await work();
  } finally {
    unsubscribe(PRUNE_CRASH_POINTS, hear);
  }
}

test("while rows are pruned, writes go on between steps of at most fifty rows", async () => {
  await using s = setUp(600);
  const steps: number[] = [];
  let added = 0;
  let addedDuring = 0;
  await hearing(
    ({ step, rows }) => {
      if (step === "pruned") steps.push(rows);
    },
    async () => {
      const pruner = s.prune();
      const write = async () => {
        while (s.left(OLD) > 0) {
          await s.add();
          added += 1;
          if (steps.length > 0 && s.left(OLD) > 0) addedDuring += 1;
        }
      };
      await Promise.all([write(), write(), write()]);
      await pruner.stop();
      expect(pruner.removed).toBe(600);
    },
  );
  expect(Math.max(...steps)).toBe(50);
  expect(steps.reduce((sum, rows) => sum + rows)).toBe(600);
  expect(addedDuring).toBeGreaterThan(steps.length);
  expect(s.left(YOUNG)).toBe(added);
});

test("a step gives way to a busy queue, and a queue that is always busy does not stop pruning", async () => {
  await using s = setUp(150);
  let looks = 0;
  const busy: CommitQueue = {
    run: s.queue.run,
    commit: s.queue.commit,
    read: s.queue.read,
    close: s.queue.close,
    trouble: s.queue.trouble,
    get size() {
      looks += 1;
      return 1;
    },
  };
  const pruner = s.prune({ through: busy });
  await waitFor(() => s.left(OLD) === 0, { what: "the old rows to go" });
  await pruner.stop();
  expect(looks).toBeGreaterThanOrEqual(12);
});

test("nothing is pruned while it is not known how old rows must be", async () => {
  await using s = setUp(250);
  let before: string | undefined;
  let asked = 0;
  const pruner = s.prune({
    before: () => {
      asked += 1;
      return before;
    },
  });
  await waitFor(() => asked > 2, { what: "some sweeps" });
  expect([s.left(OLD), s.warnings]).toEqual([250, []]);
  before = CUTOFF;
  await waitFor(() => s.left(OLD) === 0, { what: "the old rows to go" });
  await pruner.stop();
});

test("a pruner that is stopped finishes its step and leaves the rest", async () => {
  await using s = setUp(1_000);
  const pruner = s.prune();
  await waitFor(() => pruner.removed > 0, { what: "the first step", intervalMs: 1 });
  await pruner.stop();
  const { removed } = pruner;
  expect(s.left(OLD)).toBe(1_000 - removed);
  await s.add();
  expect([pruner.removed, s.warnings]).toEqual([removed, []]);
});

test("a sweep that fails says so, and the next one goes on", async () => {
  await using s = setUp(250, 1);
  const run = s.queue.run;
  let failures = 0;
  const failing: CommitQueue = {
    get size() {
      return 0;
    },
    close: s.queue.close,
    trouble: s.queue.trouble,
    read: s.queue.read,
    commit: s.queue.commit,
    run(work) {
      failures += 1;
      return failures === 2 ? Promise.reject(new Error("the disk is full")) : run(work);
    },
  };
  const pruner = s.prune({ through: failing });
  await waitFor(() => s.left(OLD) === 0, { what: "the old rows to go" });
  await pruner.stop();
  expect(s.warnings).toEqual(["pruning waits: the disk is full"]);
});
