import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { outbox } from "@order-outbox/system";
import { tempDir } from "@order-outbox/testing";
import { UserError } from "@order-outbox/tool-kit";
import { runVerb } from "./commands.ts";

const VERBS = [
  "status",
  "list",
  "show",
  "redrive",
  "discard",
  "republish",
  "reset-offset",
  "prune",
  "topics",
  "accept-partitions",
  "backup",
  "restore",
  "recover-orders",
  "verify",
];

test("the overview names every verb, and every verb explains itself and its options", async () => {
  const nowhere = { dataDir: "/nowhere" };
  const overview = await outbox(nowhere, "--help");
  expect(overview.exitCode).toBe(0);
  const noVerb = await outbox(nowhere);
  expect(noVerb).toEqual({ ...overview, exitCode: 2 });
  const helps = await Promise.all(VERBS.map((verb) => outbox(nowhere, verb, "--help")));
  for (const [i, verb] of VERBS.entries()) {
    expect(overview.out).toContain(`\n  ${verb} `);
    expect(helps[i]).toMatchObject({ exitCode: 0, err: "" });
    expect(helps[i]?.out).toStartWith(`Usage: bun run outbox ${verb}`);
    expect(helps[i]?.out).toContain("--json");
  }
});

test.each([
  ["an unknown verb", ["redirve"], 'no verb "redirve"; there are status, list,'],
  ["an unknown option", ["status", "--servce", "x"], "--servce"],
  ["a word too many", ["status", "now"], '"now" is too much'],
  [
    "an unknown service",
    ["list", "--service", "orders"],
    "there are order-service, payment-service",
  ],
  [
    "an unknown state",
    ["list", "--state", "dead"],
    "there are parked, discarded, pending, RETRYING",
  ],
  ["a broker without a port", ["status", "--broker", "localhost"], "HOST:PORT"],
  ["a missing database", ["show", "1", "--service", "order", "--outbox"], "no DIR/orders.db yet"],
  ["show without an id", ["show", "--service", "order", "--held"], "which one?"],
  [
    "show without a place",
    ["show", "1", "--service", "order"],
    "--outbox (to be published) or --held",
  ],
  ["redrive of nothing", ["redrive"], "say what: --id, --key, --service or --all"],
  ["redrive --all with a key", ["redrive", "--all", "--key", "k"], "--all stands alone"],
  ["redrive of an id of any service", ["redrive", "--id", "1"], "--id needs --service"],
  [
    "discard without a reason",
    ["discard", "--id", "1", "--service", "order", "--outbox", "--reason", " "],
    "say why with --reason",
  ],
  ["republish of nothing", ["republish", "--service", "order"], "--id, --key or --from-id"],
  [
    "republish of what is not kept",
    ["republish", "--service", "notification", "--id", "1", "--reason", "r"],
    "notification-service has no outbox",
  ],
  [
    "republish without a reason",
    ["republish", "--service", "order", "--from-id", "1"],
    "say why with --reason",
  ],
  [
    "reset-offset of another topic",
    ["reset-offset", "--service", "payment", "--topic", "payment_processed"],
    "payment-service consumes order_created",
  ],
  [
    "reset-offset to nowhere",
    [
      "reset-offset",
      "--service",
      "order",
      "--topic",
      "payment_processed",
      "--partition",
      "0",
      "--to",
      "-1",
    ],
    "--to",
  ],
  ["prune without an age", ["prune"], "--outbox-older-than, such as 30d"],
  ["prune of the inbox", ["prune", "--inbox-older-than", "1d"], "by itself"],
  [
    "prune with an odd age",
    ["prune", "--outbox-older-than", "30"],
    "a span like 60s, 15m, 12h or 30d",
  ],
  [
    "accept-partitions without a reason",
    ["accept-partitions", "--service", "order", "--topic", "t", "--count", "3"],
    "say why with --reason",
  ],
  ["backup to nowhere", ["backup"], "say where with --to FOLDER"],
  ["backup of nothing", ["backup", "--to", "/tmp"], "nothing to copy in DIR: no orders.db"],
  ["restore without a reason", ["restore", "--from", "/tmp", "--service", "order"], "say why"],
  [
    "restore of nothing",
    ["restore", "--from", "/nowhere", "--service", "order", "--reason", "r"],
    "there is no /nowhere/orders.db",
  ],
  [
    "restore of another file",
    ["restore", "--from", "/dev/null", "--service", "order", "--reason", "r"],
    "there is no /dev/null/orders.db",
  ],
  ["a broker whose port is none", ["status", "--broker", "localhost:0"], "HOST:PORT"],
  ["a broker without a host", ["status", "--broker", ":9092"], "HOST:PORT"],
  [
    "show of what has no outbox",
    ["show", "1", "--service", "notification", "--outbox"],
    "notification-service has no outbox",
  ],
  ["list without databases", ["list"], "no DIR/orders.db yet: order-service creates it"],
  ["redrive without databases", ["redrive", "--all"], "no DIR/orders.db yet"],
  ["verify without databases", ["verify"], "no DIR/orders.db yet: order-service creates it"],
])("%s is refused in a sentence", async (_name, args, sentence) => {
  using dir = tempDir();
  const refusal = await runVerb([...args, "--data", dir.path]).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UserError);
  expect((refusal as Error).message.replaceAll(dir.path, "DIR")).toContain(sentence);
});

test("a refusal is one line without a stack, and exit code 2", async () => {
  using dir = tempDir();
  const { out, err, exitCode } = await outbox({ dataDir: dir.path }, "verify");
  expect({ out, err, exitCode }).toEqual({
    out: "",
    err: `outbox: there is no ${dir.join("orders.db")} yet: order-service creates it when it first starts\n`,
    exitCode: 2,
  });
});

test("services that have not started yet are shown as such", async () => {
  using dir = tempDir();
  const { out, exitCode } = await outbox({ dataDir: dir.path }, "status");
  expect(out.split("\n")[2]).toMatch(
    /^database +not created yet +not created yet +not created yet$/,
  );
  expect(exitCode).toBe(2);
});

test("a broker that does not answer is named, and no success", async () => {
  using dir = tempDir();
  for (const [env, where] of [
    [{ KAFKA_HOST: "127.0.0.1:1,[::1]:1" }, "127.0.0.1:1,[::1]:1"],
    [{ KAFKA_HOST: undefined, BROKER_PORT: "1" }, "127.0.0.1:1"],
  ] as const) {
    const { out, err, exitCode } = await outbox({ dataDir: dir.path, env }, "status", "--json");
    expect(JSON.parse(out).broker.state).toBe("down");
    expect({ err, exitCode }).toEqual({
      err: `outbox: no broker answers at ${where}\n`,
      exitCode: 2,
    });
  }
});

test("wrong settings of the environment are refused by their names", async () => {
  using dir = tempDir();
  const status = (env: Record<string, string | undefined>) =>
    outbox({ dataDir: dir.path, env }, "status");
  const kafkaHost = await status({ KAFKA_HOST: "nowhere" });
  expect(kafkaHost.err).toBe('outbox: KAFKA_HOST: "nowhere" is not of the form HOST:PORT\n');
  const port = await status({ KAFKA_HOST: undefined, BROKER_PORT: "x" });
  expect(port.err).toBe('outbox: BROKER_PORT: "127.0.0.1:x" is not of the form HOST:PORT\n');
  expect([kafkaHost.exitCode, port.exitCode]).toEqual([2, 2]);
});

test("databases of services that were started one by one are found beside them", async () => {
  using dir = tempDir();
  const place = { dataDir: "", env: { DATA_DIR: undefined }, cwd: dir.path };
  const none = await outbox(place, "show", "1", "--service", "payment", "--outbox");
  expect(none.err).toContain(
    "there is no .data/payments.db, nor services/payment-service/payments.db, yet",
  );
  const make = (path: string) => {
    mkdirSync(dirname(dir.join(path)), { recursive: true });
    using db = new Database(dir.join(path), { create: true });
    db.run(`CREATE TABLE x AS SELECT '${path}' AS path`);
  };
  const copied = (folder: string): unknown => {
    using db = new Database(dir.join(`${folder}/payments.db`), { readonly: true });
    return db.query("SELECT path FROM x").values()[0]?.[0];
  };

  make("services/payment-service/payments.db");
  const alone = await outbox(place, "backup", "--to", "one");
  expect(alone).toMatchObject({ err: "", exitCode: 0 });
  expect(copied("one")).toBe("services/payment-service/payments.db");

  make(".data/payments.db");
  const both = await outbox(place, "backup", "--to", "two");
  expect(both.err).toBe(
    "outbox: these are the databases in .data; services has some, too (--data services)\n",
  );
  expect(copied("two")).toBe(".data/payments.db");
  const chosen = await outbox(place, "backup", "--to", "three", "--data", "services");
  expect(chosen.err).toBe("");
  expect(copied("three")).toBe("services/payment-service/payments.db");
});

test("what the system refuses is one line: a folder in a file, a ledger that is none", async () => {
  using dir = tempDir();
  for (const name of ["orders", "payments", "notifications"]) {
    new Database(dir.join(`${name}.db`), { create: true }).run(
      "CREATE TABLE orders (id, createdAt)",
    );
  }
  for (const [args, sentence] of [
    [["backup", "--to", dir.join("orders.db/x")], "ENOTDIR"],
    [["verify", "--offline", "--provider-ledger", "/dev/null"], "/dev/null cannot be read"],
    [["verify", "--offline", "--provider-ledger", dir.path], `${dir.path} cannot be read`],
    [["recover-orders", "--dry-run"], "ECONNREFUSED 127.0.0.1:1"],
  ] as const) {
    const { err, exitCode } = await outbox({ dataDir: dir.path }, ...args);
    expect(err).toStartWith("outbox: ");
    expect(err).toContain(sentence);
    expect({ lines: err.trimEnd().split("\n").length, exitCode }).toEqual({
      lines: 1,
      exitCode: 2,
    });
  }
});

test("a database that an older version wrote is refused in a sentence", async () => {
  using dir = tempDir();
  using db = new Database(dir.join("orders.db"), { create: true });
  db.run("CREATE TABLE outbox (id INTEGER PRIMARY KEY)");
  const { err, exitCode } = await outbox({ dataDir: dir.path }, "list");
  expect(err).toContain("another version of the service wrote this database");
  expect(exitCode).toBe(2);
});
