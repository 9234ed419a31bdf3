import { join } from "node:path";
import { countBacklog, waitUntilDone } from "./backlog.ts";
import { cpuSecondsOf, residentMib } from "./cpu.ts";
import type { Recorder } from "./figures.ts";
import { type BenchContext, type Part, pause } from "./part.ts";
import { type RunningSystem, SERVICE_NAMES, startServices } from "./services.ts";
import { statementCounter } from "./statement-counts.ts";
import { runLoad } from "./tools.ts";

export const IDLE_TABLE = "With nothing to do";
const SETTLE_MS = 6_000;
const SPEED_OF_LOAD = 64;
const DONE_MS = 300_000;

export const idle: Part = {
  name: "idle",
  title: "Idle",
  limits: `What a service does with nothing to do: heartbeats of its consumer and of its worker, the
consumer's open fetch, and the poll of the outbox every five seconds with the renewal of the relay's
lease. The memory is that of the process, and most of it is Bun and the compiled code. Processor time
is that of the whole process with all its threads (\`/proc\`, hundredths of a second); queries are
counted in another round, with every statement of every connection counted, so that counting is not
in the processor time.`,
  steps: () => 4,
  async run(context, recorder) {
    await measureUse(context, recorder);
    await countQueries(context, recorder);
  },
};

const secondsOf = ({ quick }: BenchContext): number => (quick ? 8 : 30);

async function measureUse(context: BenchContext, recorder: Recorder): Promise<void> {
  const { broker, quick, signal, progress } = context;
  await broker.reset();
  await using system = await startServices({ folder: context.folder, kafkaHost: broker.kafkaHost });
  progress.step("settling after the start");
  await pause(SETTLE_MS, signal);
  progress.step("processor time");
  await measureCpu(context, recorder, system, "CPU %");
  addMemory(recorder, system, "MiB after the start");

  const orders = quick ? 5_000 : 100_000;
  progress.step(`${orders.toLocaleString("en-US")} orders`);
  using counter = countBacklog(system);
  await runLoad(
    {
      port: system.order.port,
      connections: SPEED_OF_LOAD,
      warmupSeconds: 0,
      seconds: 600,
      count: orders,
    },
    signal,
  );
  if ((await waitUntilDone(counter, DONE_MS, signal)) === undefined) {
    throw new Error("orders were still on their way");
  }
  await pause(SETTLE_MS, signal);
  const after = `after ${orders.toLocaleString("en-US")} orders`;
  addMemory(recorder, system, `MiB ${after}`);
  await measureCpu(context, recorder, system, `CPU % ${after}`);
}

async function measureCpu(
  context: BenchContext,
  recorder: Recorder,
  system: RunningSystem,
  column: string,
): Promise<void> {
  const before = system.all.map(({ pid }) => cpuSecondsOf(pid));
  const startedAt = performance.now();
  await pause(secondsOf(context) * 1000, context.signal);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const [index, { name, pid }] of system.all.entries()) {
    const used = cpuSecondsOf(pid) - (before[index] ?? 0);
    recorder.add(IDLE_TABLE, name, column, (used / seconds) * 100);
  }
}

function addMemory(recorder: Recorder, system: RunningSystem, column: string): void {
  for (const { name, pid } of system.all) {
    recorder.add(IDLE_TABLE, name, column, residentMib(pid));
  }
}

async function countQueries(context: BenchContext, recorder: Recorder): Promise<void> {
  const { broker, folder, signal, progress } = context;
  const own = join(folder, "counted");
  await broker.reset();
  const counters = new Map<string, ReturnType<typeof statementCounter>>(
    SERVICE_NAMES.map((name) => [name, statementCounter(join(folder, `${name}.counts`), "all")]),
  );
  await using system = await startServices(
    { folder: own, kafkaHost: broker.kafkaHost },
    (name) => counters.get(name)?.env ?? {},
  );
  await pause(SETTLE_MS, signal);
  progress.step("counting queries");
  const read = (name: string) => {
    const counts = counters.get(name)?.read();
    if (counts === undefined || counts.mainStatements === 0) {
      throw new Error(`the queries of ${name} were not counted`);
    }
    return { main: counts.mainStatements, worker: counts.workerStatements };
  };
  const before = system.all.map(({ name }) => read(name));
  const startedAt = performance.now();
  await pause(secondsOf(context) * 1000, signal);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const [index, { name }] of system.all.entries()) {
    const { main, worker } = read(name);
    const first = before[index] ?? { main: 0, worker: 0 };
    recorder.add(
      IDLE_TABLE,
      name,
      "queries/s",
      (main + worker - first.main - first.worker) / seconds,
    );
    recorder.add(IDLE_TABLE, name, "of them in the worker", (worker - first.worker) / seconds);
  }
}
