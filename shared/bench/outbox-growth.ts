import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measureDrain, waitUntilPublished } from "./drain.ts";
import type { Recorder } from "./figures.ts";
import { type BenchContext, inTurns } from "./part.ts";
import { lookUp, startService } from "./services.ts";
import { runLoad, runTool } from "./tools.ts";

export const GROWTH_TABLE = "Rates by the published rows in orders.db";
export const MOST_TO_NONE = "the most rows, % of the rate with none";
const CONNECTIONS = 64;
const DATABASE = "orders.db";
const DRAIN_MS = 120_000;
const NOBODY_LISTENS = "127.0.0.1:1";

/** How many published rows the databases have. */
export const sizesOf = ({ quick }: BenchContext): number[] =>
  quick ? [0, 20_000, 100_000] : [0, 1_000_000, 5_000_000];

/** Twice as many as elsewhere: a round is short, and what is compared differs by less than they do. */
export const growthRounds = ({ rounds }: BenchContext): number => rounds * 2;

interface Rates {
  intake: number;
  relay: number;
}

/** Takes orders with the relay off and then publishes them, in databases with a longer past each. */
export async function outboxGrowth(context: BenchContext, recorder: Recorder): Promise<void> {
  const sizes = sizesOf(context);
  const folders = new Map<number, string>();
  let smaller: string | undefined;
  for (const rows of sizes) {
    context.progress.step(`making ${rows.toLocaleString("en-US")} published rows`);
    const folder = join(context.folder, `rows-${rows}`);
    folders.set(rows, folder);
    mkdirSync(folder);
    if (smaller !== undefined) copyFileSync(join(smaller, DATABASE), join(folder, DATABASE));
    await makeHistory(context, folder, rows);
    smaller = folder;
  }
  // Made without a sync, gigabytes would go to the disk beside what is measured.
  await Bun.$`sync`;
  for (let round = 0; round < growthRounds(context); round++) {
    const rates = new Map<number, Rates>();
    for (const rows of inTurns(sizes, round)) {
      const measured = await measure(context, folders.get(rows) ?? "", rows);
      rates.set(rows, measured);
      const row = `${rows.toLocaleString("en-US")} rows`;
      recorder.add(GROWTH_TABLE, row, "orders/s taken", measured.intake);
      recorder.add(GROWTH_TABLE, row, "events/s published", measured.relay);
    }
    const none = rates.get(sizes[0] ?? 0);
    const most = rates.get(sizes.at(-1) ?? 0);
    if (none === undefined || most === undefined) continue;
    const share = (of: keyof Rates) => (most[of] / none[of]) * 100;
    recorder.add(GROWTH_TABLE, MOST_TO_NONE, "orders/s taken", share("intake"));
    recorder.add(GROWTH_TABLE, MOST_TO_NONE, "events/s published", share("relay"));
  }
}

async function makeHistory({ signal }: BenchContext, folder: string, rows: number): Promise<void> {
  const database = join(folder, DATABASE);
  await runTool("services/order-service/bench/history.ts", { database, rows }, signal);
}

async function measure(context: BenchContext, folder: string, rows: number): Promise<Rates> {
  const { broker, quick, signal, progress } = context;
  const database = join(folder, DATABASE);
  if (rows === 0) {
    // What a round leaves is little beside a million, and not beside nothing.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await makeHistory(context, folder, rows);
  }
  const before = lookUp(database, "SELECT max(id) FROM outbox");
  progress.step(`intake with ${rows.toLocaleString("en-US")} published rows`);
  const intake = await takeOrders(folder, quick ? 1 : 4, signal);
  await runTool(
    "services/order-service/bench/fill.ts",
    { database, rows: quick ? 5_000 : 50_000 },
    signal,
  );
  progress.step(`relay with ${rows.toLocaleString("en-US")} published rows`);
  await broker.reset();
  await using _service = await startService("order-service", {
    folder,
    kafkaHost: broker.kafkaHost,
  });
  await waitUntilPublished(database, DRAIN_MS, signal);
  return { intake, relay: measureDrain(database, before).rate };
}

async function takeOrders(folder: string, seconds: number, signal: AbortSignal): Promise<number> {
  await using service = await startService("order-service", {
    folder,
    kafkaHost: NOBODY_LISTENS,
    env: { OUTBOX_BACKOFF_MAX_MS: "600000" },
  });
  const { port } = service;
  const plan = { port, connections: CONNECTIONS, warmupSeconds: 1, seconds };
  return (await runLoad(plan, signal)).rate;
}
