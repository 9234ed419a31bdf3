import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, renameSync, rmSync } from "node:fs";
import { errorCodeOf } from "@order-outbox/errors";
import { createCommitQueue, openDatabase } from "./mod.ts";
import { scalar, type TempDatabase, tempDatabase } from "./temp-database.ts";

/** A queue with a row in its file, and what becomes of an attempt to write another. */
async function setUp() {
  const temp = tempDatabase();
  const queue = createCommitQueue(temp.db);
  const add = () =>
    queue
      .run(() => temp.db.run("INSERT INTO item (text) VALUES ('a')"))
      .then(
        () => "written",
        (error: unknown) => errorCodeOf(error),
      );
  expect(await add()).toBe("written");
  return { temp, queue, add, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

const LOSSES: [what: string, lose: (temp: TempDatabase) => void][] = [
  [
    "all files deleted",
    ({ path }) => {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`);
    },
  ],
  ["the database alone deleted", ({ path }) => rmSync(path)],
  ["its log deleted", ({ path }) => rmSync(`${path}-wal`)],
  ["the log's index deleted", ({ path }) => rmSync(`${path}-shm`)],
  [
    "a copy in its place",
    ({ path }) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
  ],
  ["its folder gone", ({ folder }) => rmSync(folder, { recursive: true })],
];

for (const [what, lose] of LOSSES) {
  test(`with ${what} nothing is written any more`, async () => {
    using s = await setUp();
    lose(s.temp);
    expect(s.queue.trouble()?.code).toBe("STORAGE_LOST");
    expect([await s.add(), await s.add()]).toEqual(["STORAGE_LOST", "STORAGE_LOST"]);
    expect(scalar(s.temp.db, "SELECT count(*) FROM item")).toBe(1);
  });
}

test("a file that is put back is written again", async () => {
  using s = await setUp();
  renameSync(s.temp.path, `${s.temp.path}.aside`);
  expect(await s.add()).toBe("STORAGE_LOST");
  renameSync(`${s.temp.path}.aside`, s.temp.path);
  expect([s.queue.trouble(), await s.add()]).toEqual([undefined, "written"]);
});

test("a connection that turns read-only refuses, says so, and goes on when it may write", async () => {
  using s = await setUp();
  s.temp.db.run("PRAGMA query_only = ON");
  expect([await s.add(), s.queue.trouble()?.code]).toEqual([
    "STORAGE_READONLY",
    "STORAGE_READONLY",
  ]);
  s.temp.db.run("PRAGMA query_only = OFF");
  expect([s.queue.trouble(), await s.add()]).toEqual([undefined, "written"]);
});

test.skipIf(process.getuid?.() === 0)("a file that may not be written is not opened", () => {
  using temp = tempDatabase();
  chmodSync(temp.path, 0o444);
  expect(() => openDatabase(temp.path)).toThrow("may not be written");
});
