import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuSecondsOf } from "./cpu.ts";
import type { Recorder } from "./figures.ts";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { type BenchContext, inTurns, type Part } from "./part.ts";
import { lookUp, startService } from "./services.ts";
import { statementCounter } from "./statement-counts.ts";
import { ceilingOf } from "./stats.ts";
import { runLoad, runTool, startServer } from "./tools.ts";

const CONNECTIONS = [1, 16, 64, 256];
const USUAL = 64;
const PROGRAMS = "services/order-service/bench";
export const INTAKE_TABLE = "Orders taken by one order-service";
export const CEILING_TABLE = "The same machine's raw ceilings";
const UNREACHABLE = "127.0.0.1:1";

const over = (connections: number): string =>
  connections === 1 ? "1 connection" : `${connections} connections`;

/** What a round has found out, by the number of connections. */
interface Round {
  http: Map<number, number>;
  bareRoute: number;
  /** With the relay off. */
  durable: Map<number, number>;
  draining: Map<number, number>;
  meanBatch: Map<number, number>;
}

type Variant = (context: BenchContext, recorder: Recorder, round: Round) => Promise<void>;

export const intake: Part = {
  name: "intake",
  title: "Intake",
  limits: `One JavaScript thread reads requests, answers them and commits, so it can at most do what
1/(1/HTTP + 1/SQLite) says: *HTTP with no store* is the same app with empty functions in place of the
database, *SQLite alone* the service's own statements at the mean batch size that occurred, and both
are measured in the same round. At one connection every order waits for a sync of the disk of its
own. With the relay draining, the worker thread, the broker and the load generator share the cores
with the intake. The load generator is not the limit: its own use of the processor and what it
reaches against a server with a fixed answer stand in the table.`,
  steps: ({ rounds }) => rounds * (CONNECTIONS.length * 4 + 5),
  async run(context, recorder) {
    for (let number = 0; number < context.rounds; number++) {
      const round: Round = {
        http: new Map(),
        bareRoute: 0,
        durable: new Map(),
        draining: new Map(),
        meanBatch: new Map(),
      };
      const variants: Variant[] = [noStore, bareRoute, relayOff, relayDraining, textbook, fixed];
      for (const variant of inTurns(variants, number)) await variant(context, recorder, round);
      await sqliteAlone(context, recorder, round);
    }
  },
};

async function measure(
  context: BenchContext,
  text: string,
  plan: Pick<LoadPlan, "port" | "connections" | "keys">,
): Promise<LoadResult> {
  const { quick, signal, progress } = context;
  progress.step(`${text}, ${over(plan.connections)}`);
  const result = await runLoad(
    { ...plan, warmupSeconds: quick ? 0.5 : 1, seconds: quick ? 1 : 3 },
    signal,
  );
  const refusals = Object.entries(result.refused);
  if (refusals.length > 0) {
    const list = refusals.map(([status, count]) => `${count} times ${status}`).join(", ");
    throw new Error(`${text}: orders were refused: ${list}`);
  }
  return result;
}

function addRow(recorder: Recorder, table: string, row: string, result: LoadResult): void {
  recorder.add(table, row, "orders/s", result.rate);
  recorder.add(table, row, "p50 ms", result.latency.p50);
  recorder.add(table, row, "p99 ms", result.latency.p99);
}

const noStore: Variant = async (context, recorder, round) => {
  await using server = await startServer(`${PROGRAMS}/no-store.ts`, {});
  for (const connections of CONNECTIONS) {
    const text = "HTTP with no store";
    const result = await measure(context, text, { port: server.port, connections });
    round.http.set(connections, result.rate);
    addRow(recorder, CEILING_TABLE, `${text}, ${over(connections)}`, result);
  }
};

const bareRoute: Variant = async (context, recorder, round) => {
  await using server = await startServer(`${PROGRAMS}/bare-route.ts`, {});
  const text = "one bare Elysia route";
  const result = await measure(context, text, { port: server.port, connections: USUAL });
  round.bareRoute = result.rate;
  addRow(recorder, CEILING_TABLE, `${text}, ${over(USUAL)}`, result);
};

const relayOff: Variant = (context, recorder, round) =>
  measureService(context, recorder, {
    text: "relay off",
    // Nobody listens there, and the relay soon asks only now and then.
    kafkaHost: UNREACHABLE,
    env: { OUTBOX_BACKOFF_MAX_MS: "600000" },
    rates: round.durable,
    meanBatch: round.meanBatch,
  });

const relayDraining: Variant = async (context, recorder, round) => {
  await context.broker.reset();
  await measureService(context, recorder, {
    text: "relay draining",
    kafkaHost: context.broker.kafkaHost,
    env: {},
    rates: round.draining,
    meanBatch: new Map(),
  });
};

interface ServiceVariant {
  text: string;
  kafkaHost: string;
  env: Record<string, string>;
  rates: Map<number, number>;
  meanBatch: Map<number, number>;
}

async function measureService(
  context: BenchContext,
  recorder: Recorder,
  { text, kafkaHost, env, rates, meanBatch }: ServiceVariant,
): Promise<void> {
  const folder = join(context.folder, crypto.randomUUID());
  mkdirSync(folder, { recursive: true });
  const counter = statementCounter(join(folder, "counts"), "orders");
  {
    await using service = await startService("order-service", {
      folder,
      kafkaHost,
      env: { ...env, ...counter.env },
    });
    const { port, databasePath, pid } = service;
    for (const connections of CONNECTIONS) {
      const before = {
        ...counter.read(),
        published: published(databasePath),
        cpu: cpuSecondsOf(pid),
      };
      const startedAt = performance.now();
      const result = await measure(context, text, { port, connections });
      const seconds = (performance.now() - startedAt) / 1000;
      const batch = result.accepted / (counter.read().orderCommits - before.orderCommits);
      rates.set(connections, result.rate);
      meanBatch.set(connections, batch);
      const row = `${text}, ${over(connections)}`;
      addRow(recorder, INTAKE_TABLE, row, result);
      recorder.add(INTAKE_TABLE, row, "orders per commit", batch);
      if (kafkaHost !== UNREACHABLE) {
        const drained = published(databasePath) - before.published;
        recorder.add(INTAKE_TABLE, row, "published/s meanwhile", drained / seconds);
      }
      const cpu = (cpuSecondsOf(pid) - before.cpu) / seconds;
      recorder.add(INTAKE_TABLE, row, "service CPU %", cpu * 100);
      recorder.add(INTAKE_TABLE, row, "generator CPU %", result.cpu * 100);
    }
    const keyed = await measure(context, `${text}, with Idempotency-Key`, {
      port,
      connections: USUAL,
      keys: true,
    });
    const row = `${text}, ${over(USUAL)}, an Idempotency-Key each`;
    addRow(recorder, INTAKE_TABLE, row, keyed);
    const share = (keyed.rate / (rates.get(USUAL) ?? 0)) * 100;
    recorder.add(INTAKE_TABLE, row, "% of that without keys", share);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Rows that are published, whatever else the table holds: the pending ones are few or counted fast. */
const published = (path: string): number =>
  lookUp(
    path,
    `SELECT (SELECT coalesce(max(id), 0) FROM outbox)
          - (SELECT count(*) FROM outbox WHERE isPublished = 0 AND parkedAt IS NULL) AS count`,
  );

const textbook: Variant = async (context, recorder) => {
  const database = join(context.folder, `${crypto.randomUUID()}.db`);
  await using server = await startServer(`${PROGRAMS}/textbook.ts`, { database });
  for (const connections of [1, USUAL]) {
    const text = "the textbook way, a commit per request";
    const result = await measure(context, text, { port: server.port, connections });
    addRow(recorder, CEILING_TABLE, `${text}, ${over(connections)}`, result);
  }
};

const fixed: Variant = async (context, recorder) => {
  await using server = await startServer("shared/bench/fixed-answer-server.ts", {});
  const text = "the load generator against a fixed answer";
  const result = await measure(context, text, { port: server.port, connections: USUAL });
  addRow(recorder, CEILING_TABLE, `${text}, ${over(USUAL)}`, result);
};

const sqliteAlone: Variant = async (context, recorder, round) => {
  for (const [connections, meanBatch] of round.meanBatch) {
    context.progress.step(`SQLite alone, ${meanBatch.toFixed(1)} orders a commit`);
    const database = join(context.folder, `${crypto.randomUUID()}.db`);
    const { rate } = await runTool<{ rate: number }>(
      `${PROGRAMS}/sqlite.ts`,
      { database, meanBatch, seconds: context.quick ? 0.5 : 1.5 },
      context.signal,
    );
    const row = `SQLite alone, in batches as with ${over(connections)}`;
    recorder.add(CEILING_TABLE, row, "orders/s", rate);
    recorder.add(CEILING_TABLE, row, "orders per commit", meanBatch);
    const ceiling = ceilingOf(round.http.get(connections) ?? 0, rate);
    recorder.add(CEILING_TABLE, `1/(1/HTTP + 1/SQLite), ${over(connections)}`, "orders/s", ceiling);
    if (connections === USUAL) {
      const bare = ceilingOf(round.bareRoute, rate);
      const name = `1/(1/bare route + 1/SQLite), ${over(USUAL)}`;
      recorder.add(CEILING_TABLE, name, "orders/s", bare);
    }
    const share = (rates: Map<number, number>) => ((rates.get(connections) ?? 0) / ceiling) * 100;
    const off = `relay off, ${over(connections)}`;
    recorder.add(INTAKE_TABLE, off, "% of ceiling", share(round.durable));
    const draining = `relay draining, ${over(connections)}`;
    recorder.add(INTAKE_TABLE, draining, "% of ceiling", share(round.draining));
  }
};
