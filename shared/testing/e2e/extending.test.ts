// Carries out docs/extending.md on a copy of the repository, as a reader would.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  copyRepository,
  freePort,
  REPOSITORY,
  startProcess,
  startSystem,
  tempDir,
  waitFor,
} from "../mod.ts";
import { fullProof, placeOrders } from "./support.ts";

const page = await Bun.file(join(REPOSITORY, "docs/extending.md")).text();
/** The blocks of code of the page, as they stand in its numbered lists. */
const blocks = (pattern: RegExp) =>
  [...page.matchAll(pattern)].map((match) =>
    match.slice(1).map((text) => `${text.replaceAll(/^ {3}/gm, "")}\n`),
  );
const files = blocks(/^ {3}`(\S+)`\n\n {3}```\w+\n([\s\S]*?)\n {3}```/gm).map(
  ([path = "", text = ""]) => ({ path: path.trim(), text }),
);
const diffs = blocks(/^ {3}```diff\n([\s\S]*?)\n {3}```/gm).map(([text = ""]) => text);

test("a service that consumes takes one file of at most 60 lines", () => {
  const main = files.find(({ path }) => path.endsWith("/main.ts"));
  expect(main?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(60);
});

test.skipIf(!fullProof)("a fourth service and an event of its own, step by step", async () => {
  using folder = tempDir();
  const copy = folder.path;
  const run = async (...command: string[]) => {
    await using child = startProcess(command, { cwd: copy });
    const code = await child.exited;
    if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${child.lines.join("\n")}`);
  };
  await copyRepository(copy);
  const write = ({ path, text }: { path: string; text: string }) =>
    Bun.write(join(copy, path), text);

  await Promise.all(files.filter(({ path }) => !path.endsWith("-worker.ts")).map(write));
  await run(process.execPath, "install");
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
    loyalty.kill("SIGTERM");
    expect(await loyalty.exited).toBe(0);
  }

  await Promise.all(files.map(write));
  for (const [index, diff] of diffs.entries()) {
    await write({ path: `step-${index}.diff`, text: diff });
    await run("git", "apply", `step-${index}.diff`);
  }
  await run(process.execPath, "run", "check");
  await run(process.execPath, "run", "contracts");
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
});

function pointsIn(databasePath: string): number {
  using db = new Database(databasePath, { readonly: true });
  return (
    db.query<{ points: number }, []>("SELECT sum(points) AS points FROM points").get()?.points ?? 0
  );
}
