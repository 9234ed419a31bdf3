import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { outbox, tempDir } from "@order-outbox/testing";
import { UserError } from "./command.ts";
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
  expect(exitCode).toBe(0);
});

test("a database that an older version wrote is refused in a sentence", async () => {
  using dir = tempDir();
  using db = new Database(dir.join("orders.db"), { create: true });
  db.run("CREATE TABLE outbox (id INTEGER PRIMARY KEY)");
  const { err, exitCode } = await outbox({ dataDir: dir.path }, "list");
  expect(err).toContain("another version of the service wrote this database");
  expect(exitCode).toBe(2);
});
