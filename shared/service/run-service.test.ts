import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { readTopic, startBroker, startProcess, tempDir, waitFor } from "@order-outbox/testing";

const TOKEN = "a token for operators";

/** Starts one of the programs beside this file, which keeps its data in `folder`. */
async function start(program: string, folder: string, kafkaHost: string) {
  const child = startProcess([process.execPath, join(import.meta.dir, `${program}-program.ts`)], {
    cwd: folder,
    env: { PORT: "0", KAFKA_HOST: kafkaHost, ADMIN_TOKEN: TOKEN, LOG_FORMAT: "json" },
  });
  const { url } = JSON.parse(await child.waitForLine('"ready"')) as { url: string };
  const get = (path: string) =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return {
    url,
    get,
    lines: child.lines,
    async health() {
      const answer = (await (await get("/health")).json()) as {
        status: string;
        broker: string;
        checks: Record<string, unknown>;
      };
      return { ...answer, checks: Object.keys(answer.checks).toSorted() };
    },
    /** Which families of metrics there are of outbox and inbox. */
    async families() {
      const text = await (await get("/metrics")).text();
      return ["outbox_", "inbox_"].filter((prefix) => text.includes(`# HELP ${prefix}`));
    },
    end() {
      child.kill("SIGTERM");
      return child.exited;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

test("a service without an inbox publishes, one without outbox and routes consumes", async () => {
  using folder = tempDir();
  await using broker = await startBroker();
  await using publishing = await start("publishing", folder.path, broker.kafkaHost);
  await using consuming = await start("consuming", folder.path, broker.kafkaHost);

  const answer = await fetch(`${publishing.url}/notes`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ noteId: "note-1", text: "buy milk" }),
  });
  expect(answer.status).toBe(200);
  await waitFor(() => heardIn(folder.join("consuming.db"))[0] === "note-1", { what: "the event" });
  const records = await readTopic(broker.kafkaHost, "notes");
  expect(records.map(({ headers }) => headers.ce_source)).toEqual(["/writing-service"]);

  await waitFor(async () => (await publishing.health()).broker === "up", {
    what: "the broker that the relay sees",
  });
  expect(await publishing.health()).toMatchObject({ status: "ok", checks: ["outbox", "storage"] });
  expect(await publishing.families()).toEqual(["outbox_"]);
  expect([
    (await publishing.get("/admin/outbox")).status,
    (await publishing.get("/admin/held-events")).status,
  ]).toEqual([200, 404]);

  expect(await consuming.health()).toMatchObject({
    status: "ok",
    broker: "up",
    checks: ["inbox", "retention", "storage"],
  });
  expect(await consuming.families()).toEqual(["inbox_"]);
  expect([
    (await consuming.get("/admin/outbox")).status,
    (await consuming.get("/admin/held-events")).status,
  ]).toEqual([404, 200]);
  expect((await consuming.get("/")).status).toBe(404);

  expect(await Promise.all([publishing.end(), consuming.end()])).toEqual([0, 0]);
});

test("a service without outbox and inbox answers, and closes what it has opened", async () => {
  using folder = tempDir();
  await using service = await start("answering", folder.path, "127.0.0.1:1");
  await service.get("/");
  expect(await (await service.get("/")).json()).toEqual({ visits: 2 });
  expect(await service.health()).toMatchObject({
    status: "ok",
    broker: "unknown",
    checks: ["storage"],
  });
  expect(await service.families()).toEqual([]);
  expect(await service.end()).toBe(0);
  expect(service.lines.some((line) => line.includes("the bell is put away"))).toBe(true);
});

function heardIn(databasePath: string): string[] {
  using db = new Database(databasePath, { readonly: true });
  return db
    .query<{ subject: string }, []>("SELECT subject FROM heard")
    .all()
    .map(({ subject }) => subject);
}
