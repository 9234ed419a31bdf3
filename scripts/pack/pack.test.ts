import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  freePort,
  REPOSITORY,
  readTopic,
  startBroker,
  startProcess,
  type TempDir,
  type TestBroker,
  tempDir,
  waitFor,
} from "@order-outbox/testing";
import { packEngine, type Tarball } from "./pack-engine.ts";
import { useTarballs } from "./use-tarballs.ts";

const EXAMPLE = join(REPOSITORY, "docs/examples/invoices");
const EVENTS = 1_000;
const TOPIC = "invoices";

async function run(command: string[], cwd: string): Promise<void> {
  await using child = startProcess(command, { cwd });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")}: ${child.lines.join("\n")}`);
}

const INSTALLERS: Record<string, string[]> = {
  bun: [process.execPath, "install"],
  npm: ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"],
};

const isMissing = (installer: string): boolean =>
  Bun.which(INSTALLERS[installer]?.[0] ?? "") === null;

/**
 * What the compiler has against files of a project, declarations of packages included; those of
 * others (Elysia, kafkajs and the like) are theirs.
 */
async function complaintsOf(folder: string, files: string[], options: object): Promise<string[]> {
  const common = { strict: true, target: "ESNext", noEmit: true, skipLibCheck: false };
  const config = { compilerOptions: { ...common, types: ["bun"], ...options }, files };
  await Bun.write(join(folder, "tsconfig.json"), JSON.stringify(config));
  await using compiler = startProcess([join(REPOSITORY, "node_modules/.bin/tsc"), "-p", folder]);
  await compiler.exited;
  return compiler.lines.filter(
    (line) =>
      /error TS/.test(line) &&
      !/^(\S*\/)?node_modules\/(?!@order-outbox\/[\w-]+\/types\/)/.test(line),
  );
}

describe.if(process.env.PROOF === "full")("the packed engine, installed outside", () => {
  let packs: TempDir;
  let tarballs: Tarball[];
  beforeAll(async () => {
    packs = tempDir();
    tarballs = await packEngine(packs.path);
  }, 60_000);
  afterAll(() => packs[Symbol.dispose]());

  async function install(folder: string, installer: string): Promise<void> {
    cpSync(EXAMPLE, folder, { recursive: true });
    await useTarballs(folder, tarballs);
    await run(INSTALLERS[installer] as string[], folder);
  }

  async function startExample(folder: string, name: string, { kafkaHost }: TestBroker) {
    const port = await freePort();
    const database = join(folder, `${name}.db`);
    const service = startProcess([process.execPath, `${name}.ts`], {
      cwd: folder,
      env: {
        PORT: String(port),
        DATABASE_PATH: database,
        KAFKA_HOST: kafkaHost,
        LOG_LEVEL: "warn",
      },
    });
    return { url: `http://127.0.0.1:${port}`, database, service };
  }

  const healthy = (url: string) =>
    waitFor(async () => (await fetch(`${url}/health`)).ok, { what: `${url} to be healthy` });

  test("has neither tests nor what only this repository needs", async () => {
    for (const { file } of tarballs) {
      const archive = new Bun.Archive(await Bun.file(file).bytes());
      const names = [...(await archive.files()).keys()];
      expect(names.filter((name) => /\.test\.ts$|\/test-|-program\.ts$/.test(name))).toEqual([]);
      expect(names).toContain("package/types/mod.d.ts");
      const manifest = JSON.stringify(
        await (await archive.files()).get("package/package.json")?.json(),
      );
      expect(manifest).not.toContain("workspace:");
      expect(manifest).not.toContain("catalog:");
    }
  });

  for (const installer of Object.keys(INSTALLERS)) {
    test.skipIf(isMissing(installer))(
      `publishes and consumes ${EVENTS} events exactly once (installed with ${installer})`,
      async () => {
        using dir = tempDir();
        await install(dir.path, installer);
        await using broker = await startBroker();
        const billing = await startExample(dir.path, "billing", broker);
        const reminders = await startExample(dir.path, "reminders", broker);
        await using _billing = billing.service;
        await using _reminders = reminders.service;
        await Promise.all([healthy(billing.url), healthy(reminders.url)]);
        const known = (await readTopic(broker.kafkaHost, TOPIC)).length;
        const run = crypto.randomUUID();
        const invoices = Array.from({ length: EVENTS }, (_, number) => ({
          invoiceId: `${run}-${number}`,
          customer: `customer ${number} ß`,
          total: number + 0.5,
        }));
        const issue = (invoice: unknown) =>
          fetch(`${billing.url}/invoices`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(invoice),
          });
        await Promise.all(
          invoices.map(async (invoice) => {
            const response = await issue(invoice);
            expect(response.status).toBe(200);
            await response.arrayBuffer();
          }),
        );
        expect((await issue(invoices[0])).status).toBe(409);
        using reminded = new Database(reminders.database, { readonly: true });
        const count = reminded.prepare<{ count: number; texts: number }, [string]>(
          "SELECT count(*) AS count, count(DISTINCT text) AS texts FROM reminders WHERE invoiceId LIKE ?",
        );
        await waitFor(() => count.get(`${run}-%`)?.count === EVENTS, {
          what: "all reminders",
          timeoutMs: 30_000,
        });
        expect(count.get(`${run}-%`)?.texts).toBe(EVENTS);

        using stored = new Database(billing.database, { readonly: true });
        const rows = stored
          .query<Record<string, string>, []>(
            "SELECT eventId, orderId, payload, createdAt, id FROM outbox WHERE isPublished = 1",
          )
          .all();
        expect(rows).toHaveLength(EVENTS);
        const records = await readTopic(broker.kafkaHost, TOPIC);
        const ours = records.filter(({ key }) => key?.startsWith(run));
        expect(records.length - known).toBe(EVENTS);
        const byId = new Map(ours.map((record) => [record.headers.ce_id, record]));
        for (const { eventId, orderId, payload, createdAt, id } of rows) {
          expect(byId.get(eventId)).toMatchObject({
            key: orderId,
            value: payload,
            headers: {
              ce_specversion: "1.0",
              ce_id: eventId,
              ce_type: "INVOICE_ISSUED",
              ce_source: "/billing",
              ce_time: createdAt,
              ce_subject: orderId,
              ce_sequence: String(id),
              "content-type": "application/json",
            },
          });
        }
        // In order, because the group is kept from the next one's database while it may come back.
        for (const { service } of [billing, reminders]) {
          service.kill("SIGTERM");
          expect(await service.exited).toBe(0);
        }
      },
      120_000,
    );
  }

  for (const installer of Object.keys(INSTALLERS)) {
    test.skipIf(isMissing(installer))(
      `is taken by the compiler of an ordinary project (installed with ${installer})`,
      async () => {
        using dir = tempDir();
        await install(dir.path, installer);
        // Elysia's own declarations are not for NodeNext; ours are, where they do not show it.
        const faces = tarballs
          .filter(({ name }) => !/\/(service|service-kit)$/.test(name))
          .filter(({ name }) => existsSync(join(dir.path, "node_modules", name)))
          .map(({ name }, at) => `export * as face${at} from "${name}";`);
        expect(faces.length).toBeGreaterThan(8);
        await Bun.write(join(dir.path, "faces.mts"), faces.join("\n"));
        const bundler = await complaintsOf(dir.path, ["billing.ts", "reminders.ts"], {
          module: "Preserve",
          moduleResolution: "bundler",
          allowImportingTsExtensions: true,
        });
        const node = await complaintsOf(dir.path, ["faces.mts"], {
          module: "NodeNext",
          moduleResolution: "NodeNext",
        });
        expect([bundler, node]).toEqual([[], []]);
      },
      120_000,
    );
  }

  test("refuses to start with a kafkajs that would lose events, and marks nothing", async () => {
    using dir = tempDir();
    using stock = tempDir();
    await install(dir.path, "bun");
    await Bun.write(stock.join("package.json"), "{}");
    await run([process.execPath, "add", "--exact", "kafkajs@2.2.4"], stock.path);
    const bundled = join(dir.path, "node_modules/@order-outbox/kafka/node_modules/kafkajs");
    await using broker = await startBroker();
    const invoiceId = crypto.randomUUID();
    {
      // Rows that wait: no broker answers.
      const offline = { ...broker, kafkaHost: `127.0.0.1:${await freePort()}` } as TestBroker;
      const billing = await startExample(dir.path, "billing", offline);
      await using _service = billing.service;
      await waitFor(async () => (await fetch(`${billing.url}/ready`)).ok, { what: "billing" });
      const response = await fetch(`${billing.url}/invoices`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ invoiceId, customer: "c", total: 1 }),
      });
      expect(response.status).toBe(200);
    }
    rmSync(bundled, { recursive: true });
    cpSync(join(stock.path, "node_modules/kafkajs"), bundled, { recursive: true });
    for (const name of ["billing", "reminders"]) {
      const { service } = await startExample(dir.path, name, broker);
      await using refused = service;
      expect(await refused.exited).toBe(78);
      expect(refused.lines.join("\n")).toContain("without the changes that @order-outbox/kafka");
    }
    const sent = await readTopic(broker.kafkaHost, TOPIC);
    expect(sent.filter(({ key }) => key === invoiceId)).toEqual([]);
    using db = new Database(join(dir.path, "billing.db"), { readonly: true });
    expect(db.query("SELECT isPublished FROM outbox").values()).toEqual([[0]]);
  }, 120_000);
});
