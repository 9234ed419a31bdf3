import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { outbox, outboxJson } from "@order-outbox/system";
import { startProcess, type TempDir, tempDir } from "@order-outbox/testing";

/** Every spawned command takes its time: these run with PROOF=full, as in CI. */
const proofTest = process.env.PROOF === "full" ? test.concurrent : test.skip;

const TABLES = `
  CREATE TABLE orders (id TEXT);
  CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, eventId TEXT, eventType TEXT,
    topic TEXT, orderId TEXT, partitionKey TEXT, payload TEXT, isPublished INTEGER DEFAULT 1,
    parkedAt TEXT, lastError TEXT);
  CREATE TABLE consumer_identity (databaseId TEXT);
  CREATE TABLE operator_audit (at TEXT, action TEXT, target TEXT, reason TEXT);
  CREATE TABLE relay_lease (owner TEXT, expiresAt INTEGER);
  INSERT INTO relay_lease VALUES ('whoever published while the copy was made', 9000000000000);
`;

/** What these commands need of orders.db, with `events` in its outbox; it is left in WAL mode. */
function makeOrders(path: string, events: number, identity = "the database"): Database {
  const db = new Database(path, { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run(TABLES);
  db.run("INSERT INTO consumer_identity VALUES (?)", [identity]);
  addEvents(db, events);
  return db;
}

const addEvents = (db: Database, count: number): void => {
  for (let i = 0; i < count; i++)
    db.run("INSERT INTO outbox (eventId) VALUES (hex(randomblob(8)))");
};

const restoreOrders = (dir: TempDir, ...more: string[]) => {
  const args = ["--service", "order", "--from", dir.join("copy"), "--reason", "a test", ...more];
  return outbox({ dataDir: dir.path }, "restore", ...args);
};

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);

const backUp = (dir: TempDir) => outbox({ dataDir: dir.path }, "backup", "--to", dir.join("copy"));

const valuesOf = (path: string, sql: string): unknown[] => {
  using db = new Database(path, { readonly: true });
  return db.query(sql).values().flat();
};

const partials = (dir: TempDir) =>
  readdirSync(dir.path, { recursive: true }).filter((name) => /partial|restoring/.test(`${name}`));

test.concurrent("a copy is of what is committed, and nothing is overwritten", async () => {
  using dir = tempDir();
  using db = makeOrders(dir.join("orders.db"), 3);
  db.run("BEGIN IMMEDIATE");
  addEvents(db, 1);
  const { copies } = await outboxJson<{ copies: object[] }>(
    { dataDir: dir.path },
    "backup",
    "--to",
    dir.join("copy"),
  );
  db.run("COMMIT");
  const file = dir.join("copy/orders.db");
  expect(copies).toEqual([
    { service: "order-service", file, bytes: Bun.file(file).size, ms: expect.any(Number) },
  ]);
  expect(valuesOf(file, "SELECT count(*) FROM outbox")).toEqual([3]);
  expect(readdirSync(dir.join("copy"))).toEqual(["orders.db"]);
  expect([file, dir.join("copy")].map(modeOf)).toEqual(["600", "700"]);

  expect(await backUp(dir)).toMatchObject({ exitCode: 2, err: expect.stringMatching("exists") });
  expect(valuesOf(file, "SELECT count(*) FROM outbox")).toEqual([3]);
});

proofTest("a damaged database leaves no copy, and one line that says so", async () => {
  using dir = tempDir();
  writeFileSync(dir.join("orders.db"), "no database".repeat(1_000));
  const { err, exitCode } = await backUp(dir);
  expect({ err, exitCode }).toEqual({
    err: expect.stringMatching(/^outbox: .*orders\.db cannot be copied: .*not a database\n$/),
    exitCode: 2,
  });
  expect(readdirSync(dir.join("copy"))).toEqual([]);
});

test.concurrent("a copy that is damaged is refused, and nothing is left of it", async () => {
  using dir = tempDir();
  const path = dir.join("orders.db");
  const db = makeOrders(path, 3);
  db.run("CREATE TABLE part (number TEXT          )");
  db.run("INSERT INTO part VALUES (NULL)");
  db.run("PRAGMA journal_mode = DELETE");
  db.close(true);
  // Bytes that changed on the disk, and that copying does not stumble over.
  const bytes = readFileSync(path, "latin1").replace("TEXT          )", "TEXT NOT NULL )");
  writeFileSync(path, bytes, "latin1");
  const { err, exitCode } = await backUp(dir);
  expect({ err, exitCode }).toEqual({
    err: expect.stringMatching(/the copy of .*orders\.db is damaged: NULL value in part\.number/),
    exitCode: 2,
  });
  expect(readdirSync(dir.join("copy"))).toEqual([]);
});

test.concurrent("a restored database has its WAL's rows aside, its note, and numbers of its own", async () => {
  using dir = tempDir();
  {
    using db = makeOrders(dir.join("orders.db"), 3);
    await backUp(dir);
    addEvents(db, 5);
    db.run("INSERT INTO orders VALUES ('the order that was accepted after the backup')");
  }
  const { out, exitCode } = await restoreOrders(dir);
  expect({ out, exitCode }).toEqual({
    out: expect.stringContaining("numbered 5 further on"),
    exitCode: 0,
  });
  using db = new Database(dir.join("orders.db"));
  addEvents(db, 1);
  expect(db.query("SELECT id FROM outbox").values().flat()).toEqual([1, 2, 3, 9]);
  expect(db.query("SELECT expiresAt FROM relay_lease").values().flat()).toEqual([0]);
  const [note] = db.query<Record<string, string>, []>("SELECT * FROM operator_audit").all();
  expect(note).toMatchObject({ action: "RESTORE", reason: "a test" });
  expect(JSON.parse(note?.target ?? "")).toMatchObject({ skippedOutboxIds: 5 });
  const [aside = ""] = readdirSync(dir.path).filter((name) => name.includes("replaced"));
  expect(aside).toMatch(/^orders\.replaced-\d{8}T\d{6}Z\.db$/);
  expect(valuesOf(dir.join(aside), "SELECT count(*) FROM outbox")).toEqual([8]);
  expect(valuesOf(dir.join(aside), "SELECT count(*) FROM orders")).toEqual([1]);
  expect(partials(dir)).toEqual([]);
});

test.concurrent("what waits in a restored outbox and is no event that readers take is parked", async () => {
  using dir = tempDir();
  const orderId = crypto.randomUUID();
  {
    using db = makeOrders(dir.join("orders.db"), 1);
    for (const amount of [5, -5]) {
      db.run(
        `INSERT INTO outbox (eventType, topic, orderId, partitionKey, payload, isPublished)
         VALUES ('ORDER_CREATED', 'order_created', ?1, ?1, ?2, 0)`,
        [orderId, JSON.stringify({ orderId, customerId: "customer-1", amount })],
      );
    }
    await backUp(dir);
  }
  expect(await restoreOrders(dir)).toMatchObject({ exitCode: 0 });
  using db = new Database(dir.join("orders.db"));
  expect(db.query("SELECT id, lastError FROM outbox WHERE parkedAt > ''").values()).toEqual([
    [3, expect.stringContaining("/amount must be a positive number")],
  ]);
  expect(
    db.query("SELECT target ->> '$.parkedOutboxIds' FROM operator_audit").values().flat(),
  ).toEqual(["[3]"]);
});

proofTest.each(["no database", "another one that was begun since"])(
  "where there is %s the numbers go on far beyond the copy's",
  async (what) => {
    using dir = tempDir();
    makeOrders(dir.join("orders.db"), 3).close(true);
    await backUp(dir);
    for (const name of readdirSync(dir.path).filter((one) => one.startsWith("orders"))) {
      await Bun.file(dir.join(name)).delete();
    }
    if (what !== "no database") makeOrders(dir.join("orders.db"), 1, "another").close(true);
    expect(await restoreOrders(dir)).toMatchObject({ exitCode: 0 });
    using db = new Database(dir.join("orders.db"));
    addEvents(db, 1);
    expect(db.query("SELECT max(id) FROM outbox").values().flat()).toEqual([1_000_000_004]);
  },
);

test.concurrent("a database in use is left alone, and whoever has it is named", async () => {
  using dir = tempDir();
  makeOrders(dir.join("orders.db"), 3).close(true);
  await backUp(dir);
  const script = `const db = new (require("bun:sqlite").Database)(${JSON.stringify(dir.join("orders.db"))});
    db.run("PRAGMA journal_mode = WAL"); db.run("INSERT INTO orders VALUES ('new')");
    console.log("open"); setInterval(() => db, 1000);`;
  await using service = startProcess([process.execPath, "-e", script]);
  await service.waitForLine("open");
  const refused = await restoreOrders(dir);
  expect(refused).toMatchObject({ out: "", exitCode: 2 });
  expect(refused.err).toContain("orders.db is in use by");
  if (process.platform === "linux") expect(refused.err).toContain(`pid ${service.pid}`);
  expect(readdirSync(dir.path).filter((name) => name.includes("replaced"))).toEqual([]);
  service.kill("SIGKILL");
  await service.exited;

  expect(await restoreOrders(dir)).toMatchObject({ exitCode: 0 });
  expect(valuesOf(dir.join("orders.db"), "SELECT count(*) FROM orders")).toEqual([0]);
});

proofTest("a present file that is no database is moved aside only when one says so", async () => {
  using dir = tempDir();
  makeOrders(dir.join("orders.db"), 3).close(true);
  await backUp(dir);
  for (const suffix of ["", "-wal"]) {
    writeFileSync(dir.join(`orders.db${suffix}`), `rubble${suffix}`.repeat(1_000));
  }
  const refused = await restoreOrders(dir);
  expect(refused.err).toContain("say so with --unreadable");
  expect(await Bun.file(dir.join("orders.db")).text()).toStartWith("rubble");

  expect(await restoreOrders(dir, "--unreadable")).toMatchObject({ err: "", exitCode: 0 });
  expect(valuesOf(dir.join("orders.db"), "SELECT count(*) FROM outbox")).toEqual([3]);
  const aside = readdirSync(dir.path).filter((name) => /replaced.*(db|wal)$/.test(name));
  expect(aside.toSorted()).toEqual([
    expect.stringMatching(/^orders\.replaced-.*\.db$/),
    expect.stringMatching(/^orders\.replaced-.*\.db-wal$/),
  ]);
});

proofTest("another service's database is not put into this one's place", async () => {
  using dir = tempDir();
  const db = makeOrders(dir.join("orders.db"), 3);
  await backUp(dir);
  db.close(true);
  using copy = new Database(dir.join("copy/orders.db"));
  copy.run("DROP TABLE orders");
  const refused = await restoreOrders(dir);
  expect(refused.err).toContain("this is no database of order-service: it has no table orders");
  expect(existsSync(dir.join("orders.db"))).toBe(true);
  expect(partials(dir)).toEqual([]);
});

proofTest("where the folder has a link to a database, the file behind it is restored", async () => {
  using dir = tempDir();
  mkdirSync(dir.join("volume"));
  makeOrders(dir.join("volume/orders.db"), 3).close();
  symlinkSync(dir.join("volume/orders.db"), dir.join("orders.db"));
  await backUp(dir);
  const restored = await restoreOrders(dir);
  expect([restored.exitCode, restored.err]).toEqual([0, ""]);
  expect(lstatSync(dir.join("orders.db")).isSymbolicLink()).toBe(true);
  const databases = readdirSync(dir.join("volume")).filter((name) => name.endsWith(".db"));
  expect(databases.toSorted()).toEqual(["orders.db", expect.stringMatching(/replaced/)]);
  expect(valuesOf(dir.join("orders.db"), "SELECT action FROM operator_audit")).toEqual(["RESTORE"]);
});

test.concurrent("nothing is restored into a folder that is not there", async () => {
  using dir = tempDir();
  makeOrders(dir.join("orders.db"), 1).close();
  await backUp(dir);
  const typo = dir.join("typo");
  const args = ["--service", "order", "--from", dir.join("copy"), "--reason", "a test"];
  const refused = await outbox({ dataDir: typo }, "restore", ...args);
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.err).toContain(`there is no folder ${typo}`);
  expect(existsSync(typo)).toBe(false);
});
