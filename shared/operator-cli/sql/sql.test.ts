import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, startProcess, tempDir } from "@order-outbox/testing";
import { onlyReads } from "./read-only.ts";

const SCRIPT = join(REPOSITORY, "scripts/sql.ts");

async function sql(dataDir: string, ...args: string[]) {
  await using child = startProcess([process.execPath, SCRIPT, ...args], {
    env: { DATA_DIR: dataDir },
    cwd: dataDir,
  });
  const exitCode = await child.exited;
  if (exitCode === 0) await child.waitForLine(/./);
  return { exitCode, text: child.lines.join("\n") };
}

function createOrders(path: string): Database {
  const db = new Database(path, { create: true, strict: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("CREATE TABLE outbox (id INTEGER PRIMARY KEY, eventType TEXT, isPublished INTEGER, note)");
  db.run(
    "INSERT INTO outbox VALUES (1, 'ORDER_CREATED', 1, NULL), (20, 'ORDER_CREATED', 0, 'a\nb')",
  );
  return db;
}

test("a query of a database that is in use comes as an aligned table", async () => {
  using dir = tempDir();
  using _service = createOrders(dir.join("orders.db"));
  const { exitCode, text } = await sql(dir.path, "orders", "SELECT * FROM outbox;");
  expect(text).toBe(
    [
      "id  eventType      isPublished  note",
      "--  -------------  -----------  ----",
      " 1  ORDER_CREATED            1  NULL",
      "20  ORDER_CREATED            0  a\\nb",
      "(2 rows)",
    ].join("\n"),
  );
  expect(exitCode).toBe(0);
});

test("rows come as JSON, with large integers and columns of the same name intact", async () => {
  using dir = tempDir();
  createOrders(dir.join("orders.db")).close();
  const { text } = await sql(
    dir.path,
    "--json",
    "orders",
    "SELECT id, 9007199254740993 AS big, x'00ff' AS bytes FROM outbox LIMIT 1",
  );
  expect(JSON.parse(text)).toEqual([{ id: 1, big: "9007199254740993", bytes: "AP8=" }]);
  const twice = await sql(dir.path, "orders", "SELECT 1 AS a, 2 AS a");
  expect(twice.text).toContain("1  2");
});

test("without SQL the tables and views are listed with their rows", async () => {
  using dir = tempDir();
  const db = createOrders(dir.join("orders.db"));
  db.run("CREATE VIEW pending AS SELECT * FROM outbox WHERE isPublished = 0");
  db.close();
  const { text } = await sql(dir.path, dir.join("orders.db"));
  expect(text.split("\n").slice(2)).toEqual(["outbox      2", "pending     1", "(2 rows)"]);
});

test("what a killed service left in its write-ahead log is read, too", async () => {
  using dir = tempDir();
  using _service = createOrders(dir.join("running.db"));
  for (const suffix of ["", "-wal"]) {
    copyFileSync(dir.join(`running.db${suffix}`), dir.join(`orders.db${suffix}`));
  }
  const { text } = await sql(dir.path, "orders", "SELECT count(*) AS n FROM outbox");
  expect(text.split("\n")[2]).toBe("2");
});

test.each([
  ["a write", ["orders", "DELETE FROM outbox"], "only reads"],
  ["a copy into a file", ["orders", "VACUUM INTO 'made.db'"], "only reads"],
  ["a copy behind comments", ["orders", "/* a */ ;-- b\n vacuum INTO 'made.db'"], "only reads"],
  ["another file", ["orders", "ATTACH 'made.db' AS made"], "only reads"],
  ["a temporary table", ["orders", "CREATE TEMP TABLE made (a)"], "only reads"],
  ["a transaction", ["orders", "BEGIN IMMEDIATE"], "only reads"],
  ["a checkpoint", ["orders", "PRAGMA wal_checkpoint(TRUNCATE)"], "only reads"],
  ["a pragma that is given a value", ["orders", "PRAGMA user_version = 7"], "only reads"],
  ["the same in brackets", ["orders", "PRAGMA main.journal_mode(DELETE)"], "only reads"],
  ["a place for temporary files", ["orders", "PRAGMA temp_store_directory = '.'"], "only reads"],
  ["a loaded extension", ["orders", "SELECT load_extension('made')"], "not authorized"],
  ["a written file", ["orders", "SELECT writefile('made.db', 'x')"], "no such function"],
  ["a write behind WITH", ["orders", "WITH x AS (SELECT 1) DELETE FROM outbox"], "only reads"],
  ["two statements", ["orders", "SELECT 1; DELETE FROM outbox"], "one statement at a time"],
  ["no statement", ["orders", " "], "in:"],
  ["a syntax error", ["orders", "SELEC"], 'near "SELEC": syntax error'],
  ["an unknown table", ["orders", "SELECT * FROM missing"], "no such table: missing"],
  ["an unknown database", ["order", "SELECT 1"], 'no database "order"; there are orders, '],
  [
    "a database that is not there yet",
    ["payments"],
    "payment-service creates it when it first starts",
  ],
  ["SQL without quotes", ["orders", "SELECT", "1"], "as one argument, in quotes"],
  ["an unknown option", ["orders", "--jsno"], "--jsno"],
  ["a file that is no database", [SCRIPT], "cannot be read: file is not a database"],
  ["nothing", [], "which database?"],
])("%s is refused with one clear sentence", async (_name, args, message) => {
  using dir = tempDir();
  using db = createOrders(dir.join("orders.db"));
  const { exitCode, text } = await sql(dir.path, ...args);
  expect(text).toStartWith("sql: ");
  expect(text).toContain(message);
  expect(text).not.toContain("    at ");
  expect(exitCode).toBe(2);
  expect(db.query("SELECT count(*) AS n FROM outbox").get()).toEqual({ n: 2 });
  expect(readdirSync(dir.path).filter((name) => !name.startsWith("orders.db"))).toEqual([]);
});

test.each([
  "PRAGMA table_info(outbox)",
  "PRAGMA main.index_list('outbox');",
  "pragma user_version",
  "EXPLAIN QUERY PLAN SELECT * FROM outbox",
  "VALUES (1)",
  "-- how many\nWITH x AS (SELECT 1) SELECT * FROM x",
])("%s tells something, and may", (statement) => {
  expect(onlyReads(statement)).toBe(true);
});

test("an answer that cannot be written is no success; a reader that has seen enough is", async () => {
  using dir = tempDir();
  createOrders(dir.join("orders.db")).close();
  const shell = async (to: string) => {
    const command = `"${process.execPath}" "${SCRIPT}" orders "SELECT * FROM outbox" ${to}`;
    await using child = startProcess(["bash", "-o", "pipefail", "-c", command], {
      env: { DATA_DIR: dir.path },
    });
    return { code: await child.exited, said: child.lines.join("\n") };
  };
  expect(await shell("> /dev/full")).toEqual({
    code: 74,
    said: "the answer could not be written to standard output (ENOSPC)",
  });
  expect(await shell("| true")).toEqual({ code: 0, said: "" });
});

test("databases of services that were started one by one are found beside them", async () => {
  using dir = tempDir();
  const read = async () => {
    await using child = startProcess([process.execPath, SCRIPT, "orders"], {
      env: { DATA_DIR: undefined },
      cwd: dir.path,
    });
    await child.exited;
    await child.waitForLine(/./);
    return child.lines.join("\n");
  };
  expect(await read()).toBe(
    "sql: there is no .data/orders.db, nor services/order-service/orders.db, yet: order-service creates it when it first starts",
  );
  mkdirSync(dir.join("services/order-service"), { recursive: true });
  createOrders(dir.join("services/order-service/orders.db")).close();
  expect(await read()).toMatch(/^outbox +2$/m);
});
