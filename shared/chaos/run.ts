import { cpSync, readdirSync } from "node:fs";
import { type MemorySample, sleep, watchMemory } from "@order-outbox/tool-kit";
import type { Finding } from "@order-outbox/verify";
import { verifySystem } from "@order-outbox/verify";
import type { Check } from "./checks.ts";
import type { Attempt } from "./client.ts";
import { countOrders } from "./count.ts";
import { SERVICE_NAMES } from "./faults.ts";
import { carryOutPlan, createInjector, type DoneFault } from "./inject.ts";
import { type Load, startLoad } from "./load.ts";
import type { ChaosOptions } from "./options.ts";
import { planFaults } from "./plan.ts";
import { type Progress, startProgress } from "./progress.ts";
import { measureRecovery, type Recovery } from "./recovery.ts";
import { pendingOrders, waitUntilDrained, waitUntilFinal } from "./settle.ts";
import { countEvents, type WireCount } from "./topics.ts";
import { startWorld, type World } from "./world.ts";

/** Everything that was seen in a run. */
export interface ChaosRun {
  options: ChaosOptions;
  /** From the first order to the end of the settling. */
  seconds: number;
  /** For which orders were sent. */
  loadSeconds: number;
  attempts: readonly Attempt[];
  faults: readonly DoneFault[];
  recoveries: readonly Recovery[];
  memory: readonly MemorySample[];
  /** From the last fault until every order was final; undefined: not in time. */
  finalAfterS: number | undefined;
  /** Orders that were not final in time. */
  pending: number;
  /** Whether everything was published and announced in the end. */
  drained: boolean;
  /** Processes that ended although nobody had asked them to. */
  crashes: readonly string[];
  /** What was wrong with the services' ends on SIGTERM. */
  complaints: readonly string[];
  /** How disks were made full. */
  diskKind: string;
  /** How often payment-service went on with another database. */
  rebirths: number;
  wire: WireCount;
  /** What was counted in databases and ledgers. */
  counts: readonly Check[];
  /** What `outbox verify` found, and what it could not look at. */
  verified: { findings: readonly Finding[]; leftOut: readonly string[] };
}

/** After the last fault. */
export const FINAL_WITHIN_MS = 60_000;
const DRAIN_MS = 20_000;

/** The quiet time at the end, in which orders come and nothing breaks. */
const quietMs = (totalMs: number): number => Math.min(45_000, totalMs * 0.2);

/**
 * Runs it in `folder`: orders for so many minutes and faults by the plan, then rest, then counting.
 * `script` starts a real broker, "" means the embedded one. Undefined when `signal` ended it.
 */
export async function runChaos(
  options: ChaosOptions,
  folder: string,
  script: string,
  signal: AbortSignal,
): Promise<ChaosRun | undefined> {
  const totalMs = options.minutes * 60_000;
  const plan = planFaults(options.seed, totalMs - quietMs(totalMs));
  await using world = await startWorld(folder, script);
  const startedAt = performance.now();
  const elapsedS = () => (performance.now() - startedAt) / 1000;
  const rested = new AbortController();
  const working = AbortSignal.any([signal, rested.signal]);

  const { url } = world.services["order-service"];
  const load = startLoad(url, options.rate, options.seed);
  const injector = createInjector(world, signal);
  const memory: MemorySample[] = [];
  const watching = watchMemory(() => processesOf(world), memory, working);
  const faults: DoneFault[] = [];
  const recoveries: Promise<Recovery>[] = [];
  using progress = startProgress(() => progressOf(world, load, faults, elapsedS()));

  await carryOutPlan(plan, injector, signal, (fault) => {
    faults.push(fault);
    if (fault.leftOut !== undefined) return;
    const recovery = measureRecovery(load, url, working);
    recoveries.push(recovery.then((ms) => ({ fault: fault.name, ms })));
  });
  const lastFaultAt = performance.now();
  const leftMs = () => Math.max(0, lastFaultAt + FINAL_WITHIN_MS - performance.now());
  await sleep(totalMs - (performance.now() - startedAt), signal);
  const loadSeconds = elapsedS();
  await load.stop(AbortSignal.any([signal, AbortSignal.timeout(leftMs())]));
  const final = await waitUntilFinal(world, leftMs(), signal);
  const finalAfterS = final ? (performance.now() - lastFaultAt) / 1000 : undefined;
  const pending = pendingOrders(world) ?? 0;
  const drained = await waitUntilDrained(world, DRAIN_MS, signal);
  const seconds = elapsedS();
  rested.abort();
  await watching;
  const seenRecoveries = await Promise.all(recoveries);
  if (signal.aborted) return undefined;

  progress.say(`stopping the services and counting ${load.accepted} orders`);
  const crashes = SERVICE_NAMES.flatMap((name) =>
    world.services[name].crashes.map((how) => `${name}: ${how}`),
  );
  const ends = await Promise.all(SERVICE_NAMES.map((name) => world.services[name].stop()));
  for (const name of SERVICE_NAMES) gather(world.disks[name].folder, folder);
  return {
    options,
    seconds,
    loadSeconds,
    attempts: load.attempts,
    faults,
    recoveries: seenRecoveries,
    memory,
    finalAfterS,
    pending,
    drained,
    crashes,
    complaints: [...injector.complaints, ...ends.filter((complaint) => complaint !== undefined)],
    diskKind: world.disks["order-service"].kind,
    rebirths: injector.rebirths.length,
    wire: await countEvents(world.kafkaHost, folder, injector.rebirths),
    counts: countOrders(folder, load.attempts),
    verified: await verifySystem({
      dataDir: folder,
      brokers: [world.kafkaHost],
      settleMs: 0,
      recheckMs: 0,
    }),
  };
}

/** Copies the databases to where the ledgers are. */
function gather(from: string, to: string): void {
  for (const file of readdirSync(from)) cpSync(`${from}/${file}`, `${to}/${file}`);
}

function processesOf({ services, broker }: World): Map<number, string> {
  const processes = new Map<number, string>(
    SERVICE_NAMES.map((name) => [services[name].pid, name]),
  );
  if (broker.pid !== undefined) processes.set(broker.pid, "broker");
  return processes;
}

function progressOf(
  world: World,
  load: Load,
  faults: readonly DoneFault[],
  elapsedS: number,
): Progress {
  return {
    elapsedS,
    accepted: load.accepted,
    waiting: load.waiting,
    kills: faults.filter(({ fault }) => fault.kind === "kill").length,
    faults: faults.length,
    pending: pendingOrders(world),
  };
}
