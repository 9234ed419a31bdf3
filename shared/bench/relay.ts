import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cpuSecondsOf } from "./cpu.ts";
import { measureDrain, waitUntilPublished } from "./drain.ts";
import type { Recorder } from "./figures.ts";
import { type BenchContext, inTurns, type Part } from "./part.ts";
import { startService } from "./services.ts";
import { installStockKafkajs } from "./stock-kafkajs.ts";
import type { StockPlan, StockResult } from "./stock-producer.ts";
import { runTool } from "./tools.ts";

export const RELAY_TABLE = "Publishing a backlog";
const BATCH = 500;
const DRAIN_MS = 120_000;

/** What the variants of a round share. */
interface Bench {
  context: BenchContext;
  recorder: Recorder;
  /** An orders.db with a backlog, to be copied. */
  template: string;
  rows: number;
  /** The path of the unpatched kafkajs, when it could be had. */
  kafkajs: string | undefined;
}

interface Rates {
  relay: number;
  stock: number;
}

export const relay: Part = {
  name: "relay",
  title: "Relay",
  limits: `The worker reads a batch, sends it with \`acks=all\`, waits for the answer and marks its rows,
one batch in flight; it shares the cores with the broker. *Stock kafkajs alone* sends the same keys,
values and headers in batches of ${BATCH}, made before its clock starts, reads no table and marks nothing;
most of its time goes into encoding records in JavaScript. The textbook way waits for one answer of
the broker and one sync of the disk for every event. Rates count from the first acknowledgement (of
the relay: its mark) to the last, so that neither start-up nor connecting is in them.`,
  steps: ({ rounds }) => rounds * 3 + 1,
  async run(context, recorder) {
    const rows = context.quick ? 10_000 : 100_000;
    const template = join(context.folder, "template.db");
    context.progress.step(`making ${rows} pending events, installing stock kafkajs`);
    const kafkajs = await installStockKafkajs(join(context.folder, "stock"));
    if (kafkajs === undefined) {
      recorder.note("Stock kafkajs was not measured: it could not be installed.");
    }
    await runTool(
      "services/order-service/bench/fill.ts",
      { database: template, rows },
      context.signal,
    );
    const bench = { context, recorder, template, rows, kafkajs };
    for (let round = 0; round < context.rounds; round++) {
      const rates: Rates = { relay: Number.NaN, stock: Number.NaN };
      const variants = [drainByRelay, stockInBatches, textbook];
      for (const variant of inTurns(variants, round)) await variant(bench, rates);
      const name = "the relay, % of stock kafkajs alone";
      recorder.add(RELAY_TABLE, name, "%", (rates.relay / rates.stock) * 100);
    }
  },
};

async function drainByRelay({ context, recorder, template, rows }: Bench, rates: Rates) {
  const { broker, folder, signal, progress } = context;
  progress.step("the relay");
  await broker.reset();
  const own = join(folder, crypto.randomUUID());
  mkdirSync(own);
  const database = join(own, "orders.db");
  copyFileSync(template, database);
  {
    await using service = await startService("order-service", {
      folder: own,
      kafkaHost: broker.kafkaHost,
    });
    await waitUntilPublished(database, DRAIN_MS, signal);
    const cpu = cpuSecondsOf(service.pid);
    recorder.add(RELAY_TABLE, "the relay", "service CPU µs/event", (cpu / rows) * 1e6);
  }
  const { rate } = measureDrain(database);
  rates.relay = rate;
  recorder.add(RELAY_TABLE, "the relay", "events/s", rate);
  rmSync(own, { recursive: true, force: true });
}

async function stockInBatches({ context, recorder, template, rows, kafkajs }: Bench, rates: Rates) {
  const text = `stock kafkajs alone, in batches of ${BATCH}`;
  context.progress.step(text);
  if (kafkajs === undefined) return;
  const { rows: done, seconds } = await sendWith(context, {
    kafkajs,
    database: template,
    rows,
    batch: BATCH,
    seconds: 60,
  });
  rates.stock = done / seconds;
  recorder.add(RELAY_TABLE, text, "events/s", rates.stock);
}

async function textbook({ context, recorder, template, kafkajs }: Bench) {
  const text = "the textbook way, one send and one UPDATE per event";
  context.progress.step(text);
  if (kafkajs === undefined) return;
  const database = join(context.folder, `${crypto.randomUUID()}.db`);
  copyFileSync(template, database);
  const { rows, seconds } = await sendWith(context, {
    kafkajs,
    database,
    rows: 20_000,
    batch: 1,
    seconds: context.quick ? 1 : 4,
  });
  recorder.add(RELAY_TABLE, text, "events/s", rows / seconds);
  rmSync(database);
}

async function sendWith(
  { broker, signal }: BenchContext,
  plan: Omit<StockPlan, "kafkaHost" | "topic">,
): Promise<StockResult> {
  const topic = await broker.newTopic("bench-stock");
  return runTool<StockResult>(
    "shared/bench/stock-producer.ts",
    { ...plan, kafkaHost: broker.kafkaHost, topic },
    signal,
  );
}
