// Carries out docs/extending.md on a copy of the repository, as a reader would.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { freePort, REPOSITORY, startProcess, tempDir, waitFor } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { copyRepository, type OutboxPlace, outbox, outboxJson, startSystem } from "../mod.ts";
import { fullProof, placeOrders } from "./support.ts";

const page = await Bun.file(join(REPOSITORY, "docs/extending.md")).text();
/** The blocks of code of a text, as they stand in its numbered lists. */
const blocks = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) =>
    match.slice(1).map((text) => `${text.replaceAll(/^ {3}/gm, "")}\n`),
  );
const files = blocks(page, /^ {3}`(\S+)`\n\n {3}```\w+\n([\s\S]*?)\n {3}```/gm).map(
  ([path = "", text = ""]) => ({ path: path.trim(), text }),
);
const [consuming = "", publishing = ""] = page.split("\n## An event of its own\n");
const diffsOf = (text: string) => blocks(text, /^ {3}```diff\n([\s\S]*?)\n {3}```/gm).flat();

test("a service that consumes takes one file of at most 40 lines", () => {
  const main = files.find(({ path }) => path.endsWith("/main.ts"));
  expect(main?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
});

test("a service that consumes and publishes is five files: two of its own, and three that name it", () => {
  const changed = diffsOf(page).map((diff) => /^\+\+\+ b\/(.*)$/m.exec(diff)?.[1]);
  const touched = new Set([...files.map(({ path }) => path), ...changed]);
  expect([...touched].toSorted()).toEqual([
    "services/loyalty-service/package.json",
    "services/loyalty-service/src/main.ts",
    "shared/contracts/events.ts",
    "shared/contracts/topics.ts",
    "shared/registry/services.ts",
  ]);
});

test.skipIf(!fullProof)(
  "a fourth service and an event of its own, step by step",
  async () => {
    using folder = tempDir();
    const copy = folder.path;
    const run = async (...command: string[]) => {
      await using child = startProcess(command, { cwd: copy });
      const code = await child.exited;
      if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${child.lines.join("\n")}`);
    };
    copyRepository(copy);
    const write = ({ path, text }: { path: string; text: string }) =>
      Bun.write(join(copy, path), text);

    const apply = async (diff: string) => {
      await write({ path: "step.diff", text: diff });
      await run("git", "apply", "step.diff");
    };

    await Promise.all(files.map(write));
    for (const diff of diffsOf(consuming)) await apply(diff);
    await run(process.execPath, "install");
    await run(process.execPath, "run", "contracts");
    await run(process.execPath, "run", "check");
    await run(process.execPath, "test", "shared/registry");
    await using system = await startSystem();
    const databasePath = join(system.dataDir, "loyalty.db");
    const port = await freePort();
    const startLoyalty = async () => {
      const service = startProcess(
        [process.execPath, join(copy, "services/loyalty-service/src/main.ts")],
        { env: { PORT: `${port}`, KAFKA_HOST: system.kafkaHost, DATABASE_PATH: databasePath } },
      );
      await service.waitForLine(/"ready"/);
      return service;
    };

    await placeOrders(system, 40);
    {
      await using loyalty = await startLoyalty();
      await waitFor(() => pointsIn(databasePath) === 400, { what: "10 points for each order" });
      const answer = await fetch(`http://127.0.0.1:${port}/api/points/customer-7`);
      expect(await answer.json()).toEqual({ customerId: "customer-7", points: 10 });
      const health = await fetch(`http://127.0.0.1:${port}/health`);
      expect(await health.json()).toMatchObject({ status: "ok", checks: { inbox: { ok: true } } });
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toContain('service_build_info{service="loyalty-service"');
      await toolsKnowIt({ ...system, root: copy });
      loyalty.kill("SIGTERM");
      expect(await loyalty.exited).toBe(0);
    }

    for (const diff of diffsOf(publishing)) await apply(diff);
    await run(process.execPath, "run", "check");
    await run(process.execPath, "run", "contracts");
    await run(process.execPath, "test", "shared/registry");
    expect(await Bun.file(join(copy, "docs/asyncapi.yaml")).text()).toContain("POINTS_GRANTED");
    await using _loyalty = await startLoyalty();
    const orderIds = await placeOrders(system, 40);
    await waitFor(() => pointsIn(databasePath) === 800, { what: "the points of both runs" });
    await waitFor(async () => (await system.readTopic("points_granted")).length === 40, {
      what: "the new events",
    });
    const records = await system.readTopic("points_granted");
    expect(records.map(({ key }) => key).toSorted()).toEqual(orderIds.toSorted());
    expect(records.map(({ headers }) => headers.ce_type)).toEqual(
      records.map(() => "POINTS_GRANTED"),
    );
    const place = { ...system, root: copy };
    const pending = `SELECT count(*) AS n FROM outbox WHERE isPublished = 0`;
    await waitFor(() => count(databasePath, pending) === 0, { what: "the marks" });
    expect(await rulesBroken(place)).toEqual(["held"]);
    using db = new Database(databasePath);
    db.run("UPDATE outbox SET eventId = 'nowhere' WHERE id = 1");
    expect(await rulesBroken(place)).toEqual(["absent", "held"]);
  },
  240_000,
);

/** What the page says of `outbox`, `sql` and `start`, for an event that no service can read. */
async function toolsKnowIt(place: { dataDir: string; kafkaHost: string; root: string }) {
  const name = "loyalty-service";
  const producer = new Kafka({ brokers: [place.kafkaHost], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic: "order_created", messages: [{ value: "nobody's" }] });
  await producer.disconnect();
  await waitFor(
    async () =>
      (await outboxJson<{ service: string }[]>(place, "list")).some((one) => one.service === name),
    { what: "the event that the fourth service set aside, in the list" },
  );
  const { services } = await outboxJson<{ services: { service: string; exists: boolean }[] }>(
    place,
    "status",
  );
  expect(services).toContainEqual(expect.objectContaining({ service: name, exists: true }));
  const report = await outboxJson<{ findings: { rule: string; subject: string }[] }>(
    place,
    "verify",
    "--settle",
    "0s",
  );
  expect(report.findings).toContainEqual(
    expect.objectContaining({ rule: "held", subject: "loyalty.db/1" }),
  );
  const backups = join(place.root, "backups");
  expect(await outbox(place, "backup", "--to", backups)).toMatchObject({ exitCode: 0 });
  expect(pointsIn(join(backups, "loyalty.db"))).toBe(400);
  for (const [script, words] of [
    [["sql.ts", "loyalty", "SELECT * FROM points"], "customer-7"],
    [["dev.ts", "--help"], "LOYALTY_PORT"],
  ] as const) {
    const [file, ...args] = script;
    await using child = startProcess(
      [process.execPath, join(place.root, "scripts", file), ...args],
      {
        env: { DATA_DIR: place.dataDir },
      },
    );
    await child.waitForLine(words);
  }
}

/** What `verify` finds; the stranger's event is held by every consumer. */
async function rulesBroken(place: OutboxPlace): Promise<string[]> {
  const report = await outboxJson<{ findings: { rule: string }[] }>(
    place,
    "verify",
    "--settle",
    "0s",
  );
  return [...new Set(report.findings.map(({ rule }) => rule))].toSorted();
}

const pointsIn = (databasePath: string): number =>
  count(databasePath, "SELECT coalesce(sum(points), 0) AS n FROM points");

function count(databasePath: string, sql: string): number {
  using db = new Database(databasePath, { readonly: true });
  return db.query<{ n: number }, []>(sql).get()?.n ?? 0;
}
