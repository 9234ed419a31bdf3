import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { countBacklog, waitUntilDone } from "../backlog.ts";
import { cpuSecondsOf, residentMib } from "../cpu.ts";
import type { RecordedOrder } from "../load-plan.ts";
import type { PartName } from "../options.ts";
import type { OrdersProbePlan } from "../orders-probe.ts";
import { pause } from "../part.ts";
import { startProbe } from "../probe.ts";
import { type RunningSystem, startServices } from "../services.ts";
import { percentilesOf } from "../stats.ts";
import { runLoad } from "../tools.ts";
import type { Measure, Side } from "./pairs.ts";
import { type AgainstContext, inOrder, slices } from "./sides.ts";

const CONNECTIONS = 64;
const DONE_MS = 120_000;
const LATENCY_RATES = [20, 1_000];

const E2E: Measure = { name: "end to end", unit: "orders/s", better: "more" };
const E2E_CPU: Measure = { name: "end to end, processor time", unit: "µs/order", better: "less" };
const IDLE: Measure = { name: "idle, three services", unit: "% of a core", better: "less" };
const MEMORY: Measure = { name: "memory after that load", unit: "MiB", better: "less" };
const latencyAt = (rate: number): Measure => ({
  name: `201 → final, at ${rate.toLocaleString("en-US")}/s`,
  unit: "ms p50",
  better: "less",
});

type Systems = Record<Side, RunningSystem>;

/** Both whole systems at once, each with a broker of its own; one is measured while the other rests. */
export async function compareSystems(
  context: AgainstContext,
  parts: readonly PartName[],
  round: number,
): Promise<void> {
  const { folder, progress, quick, signal } = context;
  const own = join(folder, `system-${round}`);
  await using running = new AsyncDisposableStack();
  const systems: Partial<Systems> = {};
  for (const { side, root, broker } of inOrder(context, round)) {
    progress.step(`starting ${side}`);
    await broker.reset();
    const place = join(own, side);
    mkdirSync(place, { recursive: true });
    const started = await startServices({ folder: place, kafkaHost: broker.kafkaHost, root });
    systems[side] = running.use(started);
    await burst(started, quick ? 3_000 : 6_000, signal);
  }
  const both = systems as Systems;
  if (parts.includes("e2e")) await compareBursts(context, both, round);
  if (parts.includes("latency")) {
    for (const rate of LATENCY_RATES) await compareLatency(context, both, rate, round, own);
  }
  if (parts.includes("idle")) await compareIdle(context, both);
  await running.disposeAsync();
  rmSync(own, { recursive: true, force: true });
}

/** Seconds from the first order until all are final and announced, taking them as fast as it goes. */
async function burst(system: RunningSystem, count: number, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  const { port } = system.order;
  const plan = { port, connections: CONNECTIONS, warmupSeconds: 0, seconds: 60, count };
  const { accepted } = await runLoad(plan, signal);
  using counter = countBacklog(system);
  if (accepted < count || (await waitUntilDone(counter, DONE_MS, signal)) === undefined) {
    throw new Error("orders were refused or are still on their way");
  }
  return (performance.now() - startedAt) / 1000;
}

async function compareBursts(
  context: AgainstContext,
  systems: Systems,
  round: number,
): Promise<void> {
  const { quick, signal, progress, recorder } = context;
  const count = quick ? 4_000 : 10_000;
  const sums = { this: { seconds: 0, cpu: 0 }, other: { seconds: 0, cpu: 0 } };
  for (const { side } of slices(context, round)) {
    progress.step(`${count.toLocaleString("en-US")} orders through ${side}`);
    const before = cpuOf(systems[side]);
    sums[side].seconds += await burst(systems[side], count, signal);
    sums[side].cpu += cpuOf(systems[side]) - before;
  }
  for (const side of ["this", "other"] as const) {
    recorder.add(E2E, side, (2 * count) / sums[side].seconds);
    recorder.add(E2E_CPU, side, (sums[side].cpu / (2 * count)) * 1e6);
  }
}

async function compareLatency(
  context: AgainstContext,
  systems: Systems,
  rate: number,
  round: number,
  folder: string,
): Promise<void> {
  const { quick, signal, progress, recorder } = context;
  const seconds = (rate < 100 ? 5 : 3) * (quick ? 0.6 : 1);
  const times: Record<Side, number[]> = { this: [], other: [] };
  for (const { side } of slices(context, round)) {
    progress.step(`${side}, ${rate} orders/s`);
    const { port, databasePath } = systems[side].order;
    const probePlan: OrdersProbePlan = { database: databasePath, everyMs: rate < 100 ? 1 : 2 };
    await using probe = await startProbe(
      "shared/bench/orders-probe.ts",
      probePlan,
      join(folder, "finals.json"),
    );
    const record = join(folder, "accepted.json");
    const plan = { port, connections: CONNECTIONS, warmupSeconds: 0.5, seconds, rate, record };
    await runLoad(plan, signal);
    using counter = countBacklog(systems[side]);
    await waitUntilDone(counter, DONE_MS, signal);
    const finals = await probe.sightings();
    const accepted = (await Bun.file(record).json()) as RecordedOrder[];
    times[side].push(...accepted.map(([id, at]) => (finals.get(id) ?? Number.NaN) - at));
  }
  for (const side of ["this", "other"] as const) {
    recorder.add(latencyAt(rate), side, percentilesOf(times[side]).p50);
  }
}

/** Both at once: there is nothing that one could take from the other. */
async function compareIdle(context: AgainstContext, systems: Systems): Promise<void> {
  const { quick, signal, progress, recorder } = context;
  progress.step("nothing to do");
  await pause(2_000, signal);
  const seconds = quick ? 8 : 20;
  const before = { this: cpuOf(systems.this), other: cpuOf(systems.other) };
  await pause(seconds * 1000, signal);
  for (const side of ["this", "other"] as const) {
    recorder.add(IDLE, side, ((cpuOf(systems[side]) - before[side]) / seconds) * 100);
    const memory = systems[side].all.reduce((sum, { pid }) => sum + residentMib(pid), 0);
    recorder.add(MEMORY, side, memory);
  }
}

const cpuOf = ({ all }: RunningSystem): number =>
  all.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
