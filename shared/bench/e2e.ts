import { countBacklog, findUnfinished, waitUntilDone, watchBacklog } from "./backlog.ts";
import { cpuSecondsOf } from "./cpu.ts";
import type { Recorder } from "./figures.ts";
import { IN_TIME_MS, type LoadResult } from "./load-plan.ts";
import type { BenchContext, Part } from "./part.ts";
import { isSteady, searchRate } from "./rate-search.ts";
import { type RunningSystem, startServices } from "./services.ts";
import { runLoad } from "./tools.ts";

export const E2E_TABLE = "From the order to its payment and six notifications";
export const SUSTAINED = "the highest rate that was sustained";
const CPU_TABLE = "Processor time per order at that rate";
const CONNECTIONS = 64;
const FIRST_RATE = 1_000;
const PRECISION = 0.06;
const LEAST = 50;
/** After the last order of a minute, everything has to be done within this. */
const DONE_WITHIN_S = 5;
/** In a short trial, within this share of its length, or this long at least. */
const DONE_SHARE = 0.2;
const LEAST_DONE_S = 2;
/** For a trial that failed, so that the next one starts from nothing. */
const CATCH_UP_MS = 120_000;
const PROOFS = 6;
/** A proof that failed is tried again with so much of its rate. */
const LESS = 0.93;
/** Of the schedule that has to be accepted in time. */
const KEPT = 0.98;

export const e2e: Part = {
  name: "e2e",
  title: "End to end",
  limits: `Three services with their worker threads, the broker and the load generator share the
cores; every order is an intake, two publications, four consumed records, one charge and six sends,
most of them with a commit that others share and a sync of the disk. The second table shows what each
process takes of the cores. A rate counts as sustained when ${KEPT * 100} % of its orders were
accepted within ${IN_TIME_MS / 1000} s of when they were due, the number of orders on their way did not grow, and everything was final and announced within
${DONE_WITHIN_S} s after the last order; afterwards every order is counted.`,
  steps: () => 10,
  async run(context, recorder) {
    const { broker, quick } = context;
    await broker.reset();
    await using system = await startServices({
      folder: context.folder,
      kafkaHost: broker.kafkaHost,
    });
    const warm = await warmUp(context, system);
    const trial = createTrials(context, system);
    const search = searchRate(FIRST_RATE, PRECISION, LEAST);
    for (let rate = search.next(); rate !== undefined; rate = search.next()) {
      if (rate < LEAST) throw new Error(`not even ${LEAST} orders/s were sustained`);
      const seconds = quick ? 4 : 8;
      let outcome = await trial(rate, seconds);
      // A hiccup of the machine must not end the search, and a rate far too high need not be repeated.
      if (!outcome.holds && outcome.doneAfterS < LEAST_DONE_S * 2) {
        outcome = await trial(rate, seconds);
      }
      search.note(rate, outcome.holds);
    }
    let rate = search.best;
    for (let proof = 1; ; proof++) {
      const outcome = await trial(rate, quick ? 10 : 60);
      if (outcome.holds) {
        record(recorder, rate, outcome);
        break;
      }
      if (proof === PROOFS) throw new Error(`${rate} orders/s were not sustained: ${outcome.why}`);
      rate = Math.round(rate * LESS);
    }
    for (const finding of findUnfinished(system, warm + trial.accepted())) {
      throw new Error(`after the last trial: ${finding}`);
    }
    recorder.note(
      `All ${(warm + trial.accepted()).toLocaleString("en-US")} orders of this part were counted: each is final and has six notifications.`,
    );
  },
};

/** Takes orders as fast as it goes, so that the code is compiled before the first trial. */
async function warmUp(context: BenchContext, system: RunningSystem): Promise<number> {
  const { quick, signal, progress } = context;
  progress.step("warming up");
  const { port } = system.order;
  const count = quick ? 2_000 : 20_000;
  const { accepted } = await runLoad(
    { port, connections: CONNECTIONS, warmupSeconds: 0, seconds: 60, count },
    signal,
  );
  using counter = countBacklog(system);
  await waitUntilDone(counter, CATCH_UP_MS, signal);
  return accepted;
}

interface Outcome {
  holds: boolean;
  why: string;
  load: LoadResult;
  seconds: number;
  /** Seconds from the last order until everything was done. */
  doneAfterS: number;
  /** Seconds of processor time of each process. */
  cpu: Map<string, number>;
}

interface Trials {
  (rate: number, seconds: number): Promise<Outcome>;
  /** Orders in all. */
  accepted(): number;
}

function createTrials({ broker, signal, progress }: BenchContext, system: RunningSystem): Trials {
  let accepted = 0;

  function processes(): Map<string, number> {
    const pids = new Map(system.all.map(({ name, pid }) => [name as string, pid]));
    const brokerPid = broker.pid();
    if (brokerPid !== undefined) pids.set("broker", brokerPid);
    return pids;
  }

  async function trial(rate: number, seconds: number): Promise<Outcome> {
    progress.step(`${rate} orders/s for ${seconds} s`);
    using counter = countBacklog(system);
    const pids = processes();
    const before = new Map([...pids].map(([name, pid]) => [name, cpuSecondsOf(pid)]));
    const loading = runLoad(
      {
        port: system.order.port,
        connections: CONNECTIONS,
        warmupSeconds: 0,
        seconds,
        rate,
      },
      signal,
    );
    const samples = await watchBacklog(counter, loading);
    const load = await loading;
    accepted += load.accepted;
    const doneAfterS = await waitUntilDone(counter, CATCH_UP_MS, signal);
    if (doneAfterS === undefined) {
      throw new Error(`after ${rate} orders/s, orders were still on their way`);
    }
    const cpu = new Map(
      [...pids].map(([name, pid]) => [name, cpuSecondsOf(pid) - (before.get(name) ?? 0)]),
    );
    cpu.set("load generator", load.cpuSeconds);
    const kept = load.inTime / (rate * seconds);
    const doneWithinS = Math.min(DONE_WITHIN_S, Math.max(LEAST_DONE_S, seconds * DONE_SHARE));
    const problems = [
      ...(Object.keys(load.refused).length > 0 ? ["orders were refused"] : []),
      ...(kept < KEPT ? [`only ${Math.round(kept * 100)} % of the orders were taken in time`] : []),
      ...(isSteady(samples, seconds, rate) ? [] : ["the backlog grew"]),
      ...(doneAfterS <= doneWithinS ? [] : [`done only after ${doneAfterS.toFixed(1)} s`]),
    ];
    if (problems.length > 0) progress.step(`${rate} orders/s: ${problems.join(", ")}`);
    return {
      holds: problems.length === 0,
      why: problems.join(", "),
      load,
      seconds,
      doneAfterS,
      cpu,
    };
  }

  return Object.assign(trial, { accepted: () => accepted });
}

function record(recorder: Recorder, rate: number, outcome: Outcome): void {
  const { load, seconds, doneAfterS, cpu } = outcome;
  recorder.add(E2E_TABLE, SUSTAINED, "orders/s", load.inTime / seconds);
  recorder.add(E2E_TABLE, SUSTAINED, "for s", seconds);
  recorder.add(E2E_TABLE, SUSTAINED, "POST p50 ms", load.latency.p50);
  recorder.add(E2E_TABLE, SUSTAINED, "POST p99 ms", load.latency.p99);
  recorder.add(E2E_TABLE, SUSTAINED, "all done s after the last", doneAfterS);
  const total = [...cpu.values()].reduce((sum, used) => sum + used, 0);
  for (const [name, used] of [...cpu, ["together", total] as const]) {
    recorder.add(CPU_TABLE, name, "µs/order", (used / load.accepted) * 1e6);
    recorder.add(CPU_TABLE, name, `% of a core at ${rate} orders/s`, (used / seconds) * 100);
  }
}
