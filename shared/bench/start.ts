import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "@order-outbox/registry";
import { freePort, REPOSITORY, startProcess, type TestProcess } from "@order-outbox/testing";
import type { Recorder } from "./figures.ts";
import { type BenchContext, type Part, pause } from "./part.ts";
import { SERVICE_NAMES, startService } from "./services.ts";

export const START_TABLE = "Milliseconds from nothing";
export const WHOLE = "`bun run start` to the first 201";
const LEAST_ROUNDS = 5;
const LOOK_MS = 5;
const GIVEN_UP_MS = 30_000;
const STOP_MS = 12_000;

export const start: Part = {
  name: "start",
  title: "Start",
  limits: `Each start has an empty data folder; the program's files are in the system's cache. A service
alone is timed from the start of its process until \`/health\` answers 200 (asked every few
milliseconds): loading and compiling its modules, creating and migrating the database, listening.
\`bun run start\` is timed from the command until the first order is answered 201, with the embedded
broker: it checks the installed packages, then starts four processes at once on
two cores or however many there are.`,
  steps: (context) => roundsOf(context) * (SERVICE_NAMES.length + 1),
  async run(context, recorder) {
    for (let round = 0; round < roundsOf(context); round++) {
      for (const name of SERVICE_NAMES) await startAlone(context, recorder, name, round);
      await startWhole(context, recorder, round);
    }
  },
};

const roundsOf = ({ rounds, quick }: BenchContext): number =>
  quick ? rounds : Math.max(LEAST_ROUNDS, rounds);

async function startAlone(
  { broker, folder, progress, signal }: BenchContext,
  recorder: Recorder,
  name: ServiceName,
  round: number,
): Promise<void> {
  progress.step(name);
  signal.throwIfAborted();
  const own = join(folder, `${name}-${round}`);
  mkdirSync(own);
  const startedAt = performance.now();
  {
    await using _service = await startService(name, { folder: own, kafkaHost: broker.kafkaHost });
    recorder.add(START_TABLE, `${name} to healthy`, "ms", performance.now() - startedAt);
  }
  rmSync(own, { recursive: true, force: true });
}

async function startWhole(
  { folder, progress, signal }: BenchContext,
  recorder: Recorder,
  round: number,
): Promise<void> {
  progress.step(WHOLE);
  const dataDir = join(folder, `whole-${round}`);
  recorder.add(START_TABLE, WHOLE, "ms", await timeFirstOrder(REPOSITORY, dataDir, signal));
}

/** Milliseconds from `bun run start` in a checkout to its first 201. */
export async function timeFirstOrder(
  root: string,
  dataDir: string,
  signal: AbortSignal,
): Promise<number> {
  const port = await freePort();
  const env = {
    ...(await freePorts()),
    ORDER_PORT: String(port),
    BROKER_PORT: String(await freePort()),
    DATA_DIR: dataDir,
    KAFKA_HOST: undefined,
    LOG_FORMAT: "json",
  };
  const startedAt = performance.now();
  await using child = startProcess([process.execPath, "run", "start"], { cwd: root, env });
  while (!(await acceptsOrder(port))) {
    if (performance.now() - startedAt > GIVEN_UP_MS) {
      throw new Error(`no order was accepted: ${child.lines.slice(-5).join("; ")}`);
    }
    await pause(LOOK_MS, signal);
  }
  const took = performance.now() - startedAt;
  await stop(child);
  rmSync(dataDir, { recursive: true, force: true });
  return took;
}

/** Its children are in groups of their own, so it has to be told, and to be waited for. */
async function stop(child: TestProcess): Promise<void> {
  child.kill("SIGTERM");
  await Promise.race([child.exited, Bun.sleep(STOP_MS)]);
}

async function acceptsOrder(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customerId: "customer-1", amount: 99.99 }),
      keepalive: false,
    });
    await response.arrayBuffer();
    return response.status === 201;
  } catch {
    return false;
  }
}

async function freePorts(): Promise<Record<string, string>> {
  const ports = SERVICES.map(
    async ({ portVariable }) => [portVariable, String(await freePort())] as const,
  );
  return Object.fromEntries(await Promise.all(ports));
}
