import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { type CommitQueueOptions, createCommitQueue } from "./mod.ts";
import { limitGrowth, scalar, tempDatabase } from "./temp-database.ts";

/** A queue on a fresh file, the sizes of its commits, and the ways to look at its rows. */
function setUp(options: CommitQueueOptions = {}) {
  const temp = tempDatabase(
    `CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT);
     CREATE TABLE part (itemId INTEGER REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED);`,
  );
  const commits: number[] = [];
  const onCommit = (units: number) => void commits.push(units);
  const queue = createCommitQueue(temp.db, { onCommit, ...options });
  const statement = temp.db.prepare("INSERT INTO item (id, text) VALUES (?, ?)");
  const insert = (id: number, text = "") => {
    statement.run(id, text);
    return id;
  };
  const reader = temp.connect({ readonly: true });
  const rows = () => reader.query("SELECT id FROM item ORDER BY id").values().flat();
  return { temp, queue, commits, insert, rows, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

/** What each promise became: its value, or the code (or message) of its error. */
async function outcomes(promises: Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((result) => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    return reason instanceof AppError ? reason.code : String(reason);
  });
}

function fail(message: string): never {
  throw new Error(message);
}

const BIG = "x".repeat(40_000);

test("units that arrive together share one commit and resolve with their results", async () => {
  using s = setUp();
  const results = await Promise.all([1, 2, 3].map((id) => s.queue.run(() => s.insert(id))));
  expect([results, s.rows(), s.commits]).toEqual([[1, 2, 3], [1, 2, 3], [3]]);
});

test("nothing runs in the caller's turn, and a promise resolves only when others see its row", async () => {
  using s = setUp();
  const promise = s.queue.run(() => s.insert(1)).then(() => s.rows());
  expect([s.queue.size, s.rows()]).toEqual([1, []]);
  expect(await promise).toEqual([1]);
  expect(s.queue.size).toBe(0);
});

test("a unit that throws takes back only its own writes and rejects with its own error", async () => {
  using s = setUp();
  const work = [
    () => s.insert(1),
    () => fail(`no ${s.insert(2)}`),
    () => [s.insert(3), s.insert(1)],
    () => s.insert(4),
  ];
  expect(await outcomes(work.map((unit) => s.queue.run<unknown>(unit)))).toEqual([
    1,
    "Error: no 2",
    "SQLiteError: UNIQUE constraint failed: item.id",
    4,
  ]);
  expect([s.rows(), s.commits]).toEqual([[1, 4], [2]]);
});

test("units run once, and once more when another of their batch has failed", async () => {
  using s = setUp();
  const runs: number[] = [];
  const counted = (id: number) => () => {
    runs.push(id);
    return s.insert(id);
  };
  await Promise.all([1, 2].map((id) => s.queue.run(counted(id))));
  expect(runs).toEqual([1, 2]);
  await Promise.allSettled([3, 1, 4].map((id) => s.queue.run(counted(id))));
  expect(runs).toEqual([1, 2, 3, 1, 3, 1, 4]);
  expect(s.rows()).toEqual([1, 2, 3, 4]);
  await Promise.allSettled([s.queue.run(counted(1))]);
  expect(runs.length).toBe(8);
});

test("a batch in which every unit throws tells no listener", async () => {
  using s = setUp();
  await outcomes([s.queue.run(() => fail("a")), s.queue.run(() => fail("b"))]);
  expect(s.commits).toEqual([]);
});

test("a full disk in the middle of a batch rejects all of it, and later batches go on", async () => {
  using s = setUp();
  await s.queue.run(() => s.insert(1));
  limitGrowth(s.temp.db, 4);
  const work = [() => s.insert(2), () => fail("own"), () => s.insert(3, BIG), () => s.insert(4)];
  expect(await outcomes(work.map((unit) => s.queue.run<unknown>(unit)))).toEqual([
    "STORAGE_FULL",
    "Error: own",
    "STORAGE_FULL",
    "STORAGE_FULL",
  ]);
  expect([s.rows(), s.temp.db.inTransaction]).toEqual([[1], false]);
  // Without a failure of their own units share one transaction to its end.
  const full = [() => s.insert(2), () => s.insert(3, BIG), () => s.insert(4)];
  expect(await outcomes(full.map((unit) => s.queue.run<unknown>(unit)))).toEqual(
    full.map(() => "STORAGE_FULL"),
  );
  expect([s.rows(), s.temp.db.inTransaction]).toEqual([[1], false]);
  expect(await s.queue.run(() => s.insert(5))).toBe(5);
  expect([s.rows(), s.commits]).toEqual([
    [1, 5],
    [1, 1],
  ]);
});

test("a full disk that a unit swallows or renames still rejects the whole batch", async () => {
  using s = setUp();
  limitGrowth(s.temp.db, 4);
  const attempt = () => {
    try {
      s.insert(2, BIG);
      return undefined;
    } catch (cause) {
      return cause;
    }
  };
  const swallow = () => [attempt()];
  const rename = () => {
    throw new AppError("NOT_FOUND", "misleading", { cause: attempt() });
  };
  for (const [unit, code] of [
    [swallow, "STORAGE_FAILED"],
    [rename, "STORAGE_FULL"],
  ] as const) {
    const batch = [() => s.insert(1), unit, () => s.insert(3)];
    expect(await outcomes(batch.map((work) => s.queue.run<unknown>(work)))).toEqual([
      code,
      code,
      code,
    ]);
    expect(s.rows()).toEqual([]);
  }
});

test("a failing COMMIT rejects every unit and leaves nothing behind", async () => {
  using s = setUp();
  const orphan = () => s.temp.db.run("INSERT INTO part VALUES (99)");
  const work = [() => s.insert(1), orphan, () => fail("own")];
  expect(await outcomes(work.map((unit) => s.queue.run<unknown>(unit)))).toEqual([
    "STORAGE_FAILED",
    "STORAGE_FAILED",
    "Error: own",
  ]);
  expect([s.rows(), scalar(s.temp.db, "SELECT count(*) FROM part")]).toEqual([[], 0]);
  expect([s.temp.db.inTransaction, s.commits]).toEqual([false, []]);
  expect(await s.queue.run(() => s.insert(1))).toBe(1);
});

test("a unit that ends the transaction itself takes its batch down, not the queue", async () => {
  using s = setUp();
  const work = [() => s.insert(1), () => s.temp.db.run("ROLLBACK"), () => s.insert(2)];
  const all = await outcomes(work.map((unit) => s.queue.run<unknown>(unit)));
  expect(all).toEqual(["STORAGE_FAILED", "STORAGE_FAILED", "STORAGE_FAILED"]);
  expect(await s.queue.run(() => s.insert(3))).toBe(3);
  expect(s.rows()).toEqual([3]);
});

test("what waits for another connection's lock is committed when that is free, and the thread goes on", async () => {
  using s = setUp({ maxBatch: 1 });
  const other = s.temp.connect();
  other.run("BEGIN IMMEDIATE");
  const blocked = [1, 2, 3].map((id) => s.queue.run(() => s.insert(id)));
  let turns = 0;
  while (s.queue.trouble()?.code !== "STORAGE_BUSY") await new Promise(setImmediate);
  for (; turns < 5; turns++) await Bun.sleep(1);
  expect([s.queue.size, s.rows()]).toEqual([3, []]);
  other.run("ROLLBACK");
  expect(await outcomes(blocked)).toEqual([1, 2, 3]);
  expect([s.queue.trouble(), s.rows()]).toEqual([undefined, [1, 2, 3]]);
});

test("a lock that is kept for long refuses all that waits and at once what comes, nothing begun", async () => {
  using s = setUp({ maxBatch: 1, busyMs: 300 });
  const other = s.temp.connect();
  other.run("BEGIN IMMEDIATE");
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  }, 1);
  const begun: number[] = [];
  const work = (id: number) => () => begun.push(s.insert(id));
  const blocked = [1, 2, 3].map((id) => s.queue.run(work(id)));
  expect(await outcomes(blocked)).toEqual(["STORAGE_BUSY", "STORAGE_BUSY", "STORAGE_BUSY"]);
  clearInterval(turning);
  expect(turns).toBeGreaterThan(1);
  expect(await outcomes([s.queue.run(work(4))])).toEqual(["STORAGE_BUSY"]);
  other.run("ROLLBACK");
  expect(await s.queue.run(() => s.insert(5))).toBe(5);
  expect([begun, s.rows()]).toEqual([[], [5]]);
});

test("a queue that closes while another connection has the lock settles what waits", async () => {
  using s = setUp();
  const other = s.temp.connect();
  other.run("BEGIN IMMEDIATE");
  const blocked = s.queue.run(() => s.insert(1));
  while (s.queue.trouble()?.code !== "STORAGE_BUSY") await new Promise(setImmediate);
  const closed = s.queue.close();
  other.run("ROLLBACK");
  await closed;
  expect(await outcomes([blocked])).toEqual([1]);
});

test("more units than the limit are refused without being queued", async () => {
  using s = setUp({ limit: 2 });
  const promises = [1, 2, 3].map((id) => s.queue.run(() => s.insert(id)));
  expect(s.queue.size).toBe(2);
  expect(await outcomes(promises)).toEqual([1, 2, "OVERLOADED"]);
  expect(await s.queue.run(() => s.insert(4))).toBe(4);
});

test("a long queue is committed in batches with a turn of the event loop between", async () => {
  const log: string[] = [];
  using s = setUp({
    maxBatch: 2,
    onCommit(units) {
      log.push(`commit ${units}`);
      setImmediate(() => log.push("turn"));
    },
  });
  await Promise.all([1, 2, 3, 4, 5].map((id) => s.queue.run(() => s.insert(id))));
  expect(log).toEqual(["commit 2", "turn", "commit 2", "turn", "commit 1"]);
});

test("a unit that returns a promise is refused and rolled back", async () => {
  using s = setUp();
  const later = async () => {
    s.insert(1);
    throw new Error("nobody listens");
  };
  const lazy = () => {
    s.insert(2);
    return Promise.resolve(2);
  };
  const promises = [s.queue.run(later), s.queue.run(lazy), s.queue.run(() => s.insert(3))];
  expect(await outcomes(promises)).toEqual(["WORK_NOT_SYNCHRONOUS", "WORK_NOT_SYNCHRONOUS", 3]);
  expect(s.rows()).toEqual([3]);
});

test("a listener that throws harms neither the units nor the queue", async () => {
  using s = setUp({ onCommit: () => fail("listener") });
  expect(await s.queue.run(() => s.insert(1))).toBe(1);
  expect(await s.queue.run(() => s.insert(2))).toBe(2);
});

test("a unit may ask for another, which gets a later commit", async () => {
  using s = setUp();
  let inner: Promise<number> | undefined;
  await s.queue.run(() => {
    inner = s.queue.run(() => s.insert(2));
    s.insert(1);
  });
  expect(await inner).toBe(2);
  expect(s.commits).toEqual([1, 1]);
});

test("closing settles what waits, refuses what comes, and leaves the database open", async () => {
  using s = setUp({ maxBatch: 1 });
  const waiting = [1, 2, 3].map((id) => s.queue.run(() => s.insert(id)));
  const closed = s.queue.close();
  expect(await outcomes([s.queue.run(() => s.insert(4))])).toEqual(["SHUTTING_DOWN"]);
  await closed;
  expect(s.rows()).toEqual([1, 2, 3]);
  expect(await outcomes(waiting)).toEqual([1, 2, 3]);
  await s.queue.close();
  expect(s.insert(5)).toBe(5);
});

test("a queue without work closes at once", async () => {
  using s = setUp();
  await s.queue.close();
  expect(await outcomes([s.queue.run(() => 1)])).toEqual(["SHUTTING_DOWN"]);
});

test("the reads of a turn see one state of other connections, and every commit of the queue", async () => {
  using s = setUp();
  const other = s.temp.connect();
  const count = () => s.queue.read(() => scalar(s.temp.db, "SELECT count(*) FROM item"));
  expect(count()).toBe(0);
  other.run("INSERT INTO item (id) VALUES (1)");
  expect(count()).toBe(0);
  await s.queue.run(() => s.insert(2));
  expect(count()).toBe(2);
  other.run("INSERT INTO item (id) VALUES (3)");
  await new Promise(setImmediate);
  expect(count()).toBe(3);
});

test("a read inside a unit is part of its transaction, and a closed queue still reads", async () => {
  using s = setUp();
  const count = () => s.queue.read(() => scalar(s.temp.db, "SELECT count(*) FROM item"));
  expect(await s.queue.run(() => [s.insert(1), count()])).toEqual([1, 1]);
  expect(count()).toBe(1);
  await s.queue.close();
  expect([count(), s.temp.db.inTransaction]).toEqual([1, false]);
});
