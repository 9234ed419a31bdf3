import { expect, test } from "bun:test";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { isAppError } from "@order-outbox/errors";
import { closeDatabase, type Migration, migrate, openDatabase } from "./mod.ts";
import { limitGrowth, scalar, tempDatabase } from "./temp-database.ts";

const first: Migration = { name: "orders", up: "CREATE TABLE a (x); CREATE TABLE b (x);" };
const second: Migration = { name: "rows", up: (db) => void db.run("INSERT INTO a VALUES (1)") };

function caught(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("steps run in their order, once, and new ones are added to old files", () => {
  using temp = tempDatabase();
  migrate(temp.db, [first]);
  migrate(temp.db, [first, second]);
  migrate(temp.db, [first, second]);
  expect(scalar(temp.db, "PRAGMA user_version")).toBe(2);
  expect(scalar(temp.db, "SELECT count(*) FROM a")).toBe(1);
  expect(() => migrate(temp.connect({ readonly: true }), [first, second])).not.toThrow();
});

test("a file of a newer program is refused with what to do", () => {
  using temp = tempDatabase();
  migrate(temp.db, [first, second]);
  const error = caught(() => migrate(temp.db, [first]));
  expect(isAppError(error, "STORAGE_SCHEMA_NEWER")).toBe(true);
  expect(String(error)).toContain("knows only 1: run the newer program again");
  expect(scalar(temp.db, "PRAGMA user_version")).toBe(2);
});

test("a failing step is named and leaves version and schema as they were", () => {
  using temp = tempDatabase();
  const broken: Migration[] = [
    { name: "syntax", up: "CREATE TABLE c (x); CREATE TABLE d (x); CREATE NONSENSE" },
    { name: "second statement", up: "CREATE TABLE c (x); INSERT INTO missing VALUES (1)" },
    { name: "own commit", up: "CREATE TABLE c (x); ROLLBACK" },
    {
      name: "function",
      up: (db) => {
        db.run("CREATE TABLE c (x)");
        throw new Error("changed my mind");
      },
    },
  ];
  for (const step of broken) {
    const error = caught(() => migrate(temp.db, [first, step]));
    expect([isAppError(error, "STORAGE_FAILED"), String(error)]).toEqual([
      true,
      expect.stringContaining(step.name),
    ]);
    expect(temp.db.inTransaction).toBe(false);
    expect(scalar(temp.db, "PRAGMA user_version")).toBe(1);
    expect(scalar(temp.db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('c', 'd')")).toBe(0);
  }
});

test("an asynchronous step is refused and undone", () => {
  using temp = tempDatabase();
  const up = async (db: typeof temp.db) => void db.run("CREATE TABLE c (x)");
  const error = caught(() => migrate(temp.db, [{ name: "async", up }]));
  expect(isAppError(error, "WORK_NOT_SYNCHRONOUS")).toBe(true);
  expect(scalar(temp.db, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'")).toBe(0);
});

test("a step that finds no room fails as full, and works once there is room", () => {
  using temp = tempDatabase();
  const big = { name: "big", up: "CREATE TABLE c AS SELECT zeroblob(50000) AS x" };
  limitGrowth(temp.db, 2);
  expect(
    isAppError(
      caught(() => migrate(temp.db, [big])),
      "STORAGE_FULL",
    ),
  ).toBe(true);
  limitGrowth(temp.db, 1000);
  migrate(temp.db, [big]);
  expect(scalar(temp.db, "PRAGMA user_version")).toBe(1);
});

/** A child process that migrates the files it is told of. */
function spawnMigrator() {
  const child = Bun.spawn(["bun", join(import.meta.dir, "migrate-program.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout) })[Symbol.asyncIterator]();
  return {
    tell(path: string) {
      child.stdin.write(`${path}\n`);
      child.stdin.flush();
    },
    answer: async () => (await lines.next()).value,
    async end() {
      child.stdin.end();
      return await child.exited;
    },
  };
}

test("processes that open and migrate new files at the same moment share the steps", async () => {
  using temp = tempDatabase();
  const migrators = [spawnMigrator(), spawnMigrator(), spawnMigrator()];
  const answers = () => Promise.all(migrators.map((migrator) => migrator.answer()));
  expect(await answers()).toEqual(["ready", "ready", "ready"]);
  for (let round = 0; round < 40; round++) {
    const path = join(temp.folder, `${round}.db`);
    for (const migrator of migrators) migrator.tell(path);
    expect(await answers()).toEqual(["migrated", "migrated", "migrated"]);
    const db = openDatabase(path, { readonly: true });
    expect(scalar(db, "PRAGMA user_version")).toBe(5);
    expect(scalar(db, "SELECT count(*) FROM t4")).toBe(1);
    closeDatabase(db);
  }
  expect(await Promise.all(migrators.map((migrator) => migrator.end()))).toEqual([0, 0, 0]);
});
