import { Database } from "bun:sqlite";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOPICS } from "@order-outbox/contracts";
import { REPOSITORY, waitFor } from "@order-outbox/testing";
import type { BareProducerPlan } from "./bare-producer.ts";
import type { ConsumerProbePlan } from "./consumer-probe.ts";
import type { Recorder } from "./figures.ts";
import type { RecordedOrder } from "./load-plan.ts";
import type { OrdersProbePlan } from "./orders-probe.ts";
import { type BenchContext, inTurns, type Part } from "./part.ts";
import { type Sighting, startProbe } from "./probe.ts";
import { lookUp, type RunningService, startService, startServices } from "./services.ts";
import { percentilesOf } from "./stats.ts";
import { runLoad, runTool } from "./tools.ts";

export const LATENCY_TABLE = "Milliseconds from the 201";
const RATES = [20, 1_000];
const CONNECTIONS = 64;
const WARMUP_SECONDS = 2;
/** Code that has run so often is compiled, as in a service that is not new. */
const WARMUP_ORDERS = 2_000;
const FINAL_MS = 20_000;
/** `publishedAt` is in whole milliseconds, cut off. */
const CUT_OFF_MS = 0.5;

/** How long a rate is measured, and how often the probe of orders.db looks. */
interface Timing {
  seconds: number;
  everyMs: number;
}

/** Median times to the consumer in one round, by rate. */
interface Medians {
  system: Map<number, number>;
  bare: Map<number, number>;
}

export const latency: Part = {
  name: "latency",
  title: "Latency",
  limits: `From the 201, as the load generator read it, on: to the *ack* of the broker, by
\`outbox.publishedAt\`, which the relay takes when it has the answer (whole milliseconds, counted as
their middle); to the *consumer*, a bare kafkajs consumer in a process of its own that is handed the
record; and to *final*, when a reader of orders.db can see \`PAID\` or \`PAYMENT_FAILED\` (it looks every
millisecond, at 1,000 orders/s every second one). An event can reach the consumer before its 201 has
reached the customer; such a time is negative. Orders come on a fixed schedule, whatever becomes of
them. *Bare kafkajs* is one idempotent \`acks=all\` producer and the same consumer, from the call to
the record; the way from the 201 has the wake-up of the worker and a read of the table on top of it.
To \`PAID\` it is two more of those ways and two commits with a sync of the disk.`,
  steps: ({ rounds }) => rounds * RATES.length * 2 + 1,
  async run(context, recorder) {
    for (let round = 0; round < context.rounds; round++) {
      const medians: Medians = { system: new Map(), bare: new Map() };
      for (const variant of inTurns([throughTheSystem, bareKafkajs], round)) {
        await variant(context, recorder, medians);
      }
      for (const rate of RATES) {
        const more = (medians.system.get(rate) ?? Number.NaN) - (medians.bare.get(rate) ?? 0);
        recorder.add(
          LATENCY_TABLE,
          atRate("to the consumer, less bare kafkajs", rate),
          "p50 ms",
          more,
        );
      }
    }
    await byPollAlone(context, recorder);
  },
};

const timingOf = ({ quick }: BenchContext, rate: number): Timing =>
  rate < 100 ? { seconds: quick ? 4 : 15, everyMs: 1 } : { seconds: quick ? 3 : 6, everyMs: 2 };

const atRate = (text: string, rate: number): string =>
  `${text}, at ${rate.toLocaleString("en-US")} orders/s`;

function addRow(recorder: Recorder, row: string, samples: readonly number[]): void {
  const { p50, p95, p99 } = percentilesOf(samples);
  recorder.add(LATENCY_TABLE, row, "p50 ms", p50);
  recorder.add(LATENCY_TABLE, row, "p95 ms", p95);
  recorder.add(LATENCY_TABLE, row, "p99 ms", p99);
}

/** The times between two sightings of the same orders; those that were not seen twice are an error. */
function between(from: readonly Sighting[], to: ReadonlyMap<string, number>): number[] {
  const missing = from.filter(([id]) => !to.has(id)).length;
  if (missing > 0) throw new Error(`${missing} of ${from.length} orders were not seen again`);
  return from.map(([id, at]) => (to.get(id) ?? 0) - at);
}

async function throughTheSystem(
  context: BenchContext,
  recorder: Recorder,
  medians: Medians,
): Promise<void> {
  const { broker, folder } = context;
  await broker.reset();
  const own = join(folder, crypto.randomUUID());
  mkdirSync(own);
  {
    await using system = await startServices({ folder: own, kafkaHost: broker.kafkaHost });
    await warmUp(context, system.order);
    await waitUntilFinal(system.order.databasePath);
    for (const rate of RATES) {
      const timing = timingOf(context, rate);
      context.progress.step(atRate("the system", rate));
      const consumer: ConsumerProbePlan = {
        kafkaHost: broker.kafkaHost,
        topic: TOPICS.orderCreated,
      };
      await using records = await startProbe(
        "shared/bench/consumer-probe.ts",
        consumer,
        join(own, "records.json"),
      );
      const orders: OrdersProbePlan = {
        database: system.order.databasePath,
        everyMs: timing.everyMs,
      };
      await using finals = await startProbe(
        "shared/bench/orders-probe.ts",
        orders,
        join(own, "finals.json"),
      );
      const accepted = await sendOrders(context, system.order, rate, timing.seconds);
      await waitUntilFinal(system.order.databasePath);
      const acks = acknowledged(system.order.databasePath);
      addRow(recorder, atRate("to the ack", rate), between(accepted, acks));
      const times = between(accepted, await records.sightings());
      medians.system.set(rate, percentilesOf(times).p50);
      addRow(recorder, atRate("to the consumer", rate), times);
      const final = await finals.sightings();
      addRow(recorder, atRate("to final (PAID)", rate), between(accepted, final));
    }
  }
  rmSync(own, { recursive: true, force: true });
}

async function bareKafkajs(
  context: BenchContext,
  recorder: Recorder,
  medians: Medians,
): Promise<void> {
  const { broker, folder, signal } = context;
  for (const rate of RATES) {
    context.progress.step(atRate("bare kafkajs", rate));
    const topic = await broker.newTopic("bench-bare");
    const { kafkaHost } = broker;
    const consumer: ConsumerProbePlan = { kafkaHost, topic };
    await using records = await startProbe(
      "shared/bench/consumer-probe.ts",
      consumer,
      join(folder, "records.json"),
    );
    const plan: BareProducerPlan = {
      kafkaHost,
      topic,
      rate,
      warmupRecords: WARMUP_ORDERS,
      seconds: timingOf(context, rate).seconds,
      file: join(folder, "due.json"),
    };
    await runTool("shared/bench/bare-producer.ts", plan, signal);
    await Bun.sleep(1_000);
    const due = (await Bun.file(plan.file).json()) as Sighting[];
    const row = atRate("beside it: bare kafkajs, send to consumer", rate);
    const times = between(due, await records.sightings());
    medians.bare.set(rate, percentilesOf(times).p50);
    addRow(recorder, row, times);
  }
}

/** The real service with its wake-ups dropped. */
async function byPollAlone(context: BenchContext, recorder: Recorder): Promise<void> {
  const { broker, folder } = context;
  const [rate = 20] = RATES;
  const pollMs = 5_000;
  context.progress.step(atRate("the five-second poll", rate));
  await broker.reset();
  const own = join(folder, "poll");
  mkdirSync(own);
  await using service = await startService("order-service", {
    folder: own,
    kafkaHost: broker.kafkaHost,
    env: {
      OUTBOX_POLL_MS: String(pollMs),
      BUN_OPTIONS: `--preload=${join(REPOSITORY, "shared/bench/no-wake.ts")}`,
    },
  });
  const consumer: ConsumerProbePlan = { kafkaHost: broker.kafkaHost, topic: TOPICS.orderCreated };
  await using records = await startProbe(
    "shared/bench/consumer-probe.ts",
    consumer,
    join(own, "records.json"),
  );
  const polls = context.quick ? 1 : 3;
  const accepted = await sendOrders(context, service, rate, (polls * pollMs) / 1000);
  await waitUntilPublished(service.databasePath);
  await Bun.sleep(500);
  const times = between(accepted, await records.sightings());
  if (percentilesOf(times).p50 < pollMs / 10) {
    recorder.note("The poll alone was not measured: the wake-ups could not be switched off.");
    return;
  }
  const row = atRate("beside it: to the consumer by a five-second poll alone", rate);
  addRow(recorder, row, times);
}

async function sendOrders(
  { signal, folder }: BenchContext,
  { port }: RunningService,
  rate: number,
  seconds: number,
): Promise<RecordedOrder[]> {
  const record = join(folder, `${crypto.randomUUID()}.json`);
  const { refused } = await runLoad(
    { port, connections: CONNECTIONS, warmupSeconds: WARMUP_SECONDS, seconds, rate, record },
    signal,
  );
  if (Object.keys(refused).length > 0) throw new Error("orders were refused");
  return (await Bun.file(record).json()) as RecordedOrder[];
}

const warmUp = ({ signal }: BenchContext, { port }: RunningService) =>
  runLoad({ port, connections: 4, warmupSeconds: 0, seconds: 60, count: WARMUP_ORDERS }, signal);

const waitUntilFinal = (database: string) =>
  waitFor(() => lookUp(database, "SELECT count(*) FROM orders WHERE status = 'PENDING'") === 0, {
    what: "every order to be final",
    timeoutMs: FINAL_MS,
    intervalMs: 100,
  });

const waitUntilPublished = (database: string) =>
  waitFor(() => lookUp(database, "SELECT count(*) FROM outbox WHERE isPublished = 0") === 0, {
    what: "every event to be published",
    timeoutMs: FINAL_MS,
    intervalMs: 100,
  });

function acknowledged(database: string): Map<string, number> {
  using db = new Database(database, { readonly: true });
  const rows = db
    .query<{ orderId: string; publishedAt: string }, []>(
      "SELECT orderId, publishedAt FROM outbox WHERE publishedAt IS NOT NULL",
    )
    .all();
  return new Map(
    rows.map(({ orderId, publishedAt }) => [orderId, Date.parse(publishedAt) + CUT_OFF_MS]),
  );
}
