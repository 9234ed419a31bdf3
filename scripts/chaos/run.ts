import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { auditSystem } from "@order-outbox/testing";
import { type Check, check } from "./checks.ts";
import type { Attempt } from "./client.ts";
import { countOrders } from "./count.ts";
import { SERVICES } from "./faults.ts";
import { carryOutPlan, createInjector, type DoneFault, sleep } from "./inject.ts";
import { type Load, startLoad } from "./load.ts";
import { MEMORY_LIMIT, type MemorySample, memoryTrends, readMemory } from "./memory.ts";
import type { ChaosOptions } from "./options.ts";
import { planFaults } from "./plan.ts";
import { type Progress, startProgress } from "./progress.ts";
import { measureRecovery, type Recovery } from "./recovery.ts";
import { pendingOrders, waitUntilDrained, waitUntilFinal } from "./settle.ts";
import { countEvents, type WireCount } from "./topics.ts";
import { startWorld, type World } from "./world.ts";

/** Everything that a report tells of a run. */
export interface ChaosResult {
  options: ChaosOptions;
  /** Seconds from the first order to the end of the settling. */
  seconds: number;
  /** Seconds for which orders were sent. */
  loadSeconds: number;
  attempts: readonly Attempt[];
  done: DoneFault[];
  recoveries: Recovery[];
  samples: MemorySample[];
  /** Seconds from the last fault until every order was final; undefined: not in time. */
  finalAfterS: number | undefined;
  /** Processes that ended although nobody had asked them to. */
  crashes: string[];
  diskKind: string;
  wire: WireCount;
  checks: Check[];
}

const FINAL_WITHIN_MS = 60_000;
const DRAIN_MS = 30_000;

/** The quiet time at the end, in which orders come and nothing breaks. */
const quietMs = (totalMs: number): number => Math.min(45_000, totalMs * 0.2);

/** Runs it in `folder` until the end or `signal`; undefined when it was stopped. */
export async function runChaos(
  options: ChaosOptions,
  folder: string,
  script: string,
  signal: AbortSignal,
): Promise<ChaosResult | undefined> {
  const totalMs = options.minutes * 60_000;
  await using world = await startWorld(folder, script);
  const { url } = world.services["order-service"];
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const startedAt = performance.now();
  const elapsedS = () => (performance.now() - startedAt) / 1000;

  const load = startLoad(url, options.rate, options.seed);
  const injector = createInjector(world, signal);
  const done: DoneFault[] = [];
  const recoveries: Recovery[] = [];
  const probes: Promise<void>[] = [];
  const samples: MemorySample[] = [];
  const sampling = sampleMemory(world, samples, elapsedS, until);
  using progress = startProgress(() => progressOf(world, load, done, elapsedS()));

  await carryOutPlan(
    planFaults(options.seed, totalMs - quietMs(totalMs)),
    injector,
    signal,
    (fault) => {
      done.push(fault);
      if (fault.leftOut !== undefined) return;
      const probe = measureRecovery(load, url, until).then((ms) => {
        recoveries.push({ fault: fault.name, ms });
      });
      probes.push(probe);
    },
  );
  const lastFaultAt = performance.now();
  await sleep(totalMs - (performance.now() - startedAt), signal);
  const deadline = AbortSignal.timeout(
    Math.max(0, lastFaultAt + FINAL_WITHIN_MS - performance.now()),
  );
  const loadSeconds = elapsedS();
  await load.stop(AbortSignal.any([signal, deadline]));
  const leftMs = () => Math.max(0, lastFaultAt + FINAL_WITHIN_MS - performance.now());
  const final = !signal.aborted && (await waitUntilFinal(world, leftMs()));
  const finalAfterS = final ? (performance.now() - lastFaultAt) / 1000 : undefined;
  const drained = !signal.aborted && (await waitUntilDrained(world, DRAIN_MS));
  const seconds = elapsedS();
  over.abort();
  await Promise.all([...probes, sampling]);
  if (signal.aborted) return undefined;
  progress.say(`stopping the services and counting ${load.accepted} orders`);

  const crashes = SERVICES.flatMap((name) =>
    world.services[name].crashes.map((how) => `${name}: ${how}`),
  );
  const complaints = await Promise.all(SERVICES.map((name) => world.services[name].stop()));
  for (const name of SERVICES) gather(world.disks[name].folder, folder);
  const wire = await countEvents(world.kafkaHost, folder, injector.rebirths);
  const audit = await auditSystem({ kafkaHost: world.kafkaHost, dataDir: folder });
  const accepted = load.accepted;
  return {
    options,
    seconds,
    loadSeconds,
    attempts: load.attempts,
    done,
    recoveries,
    samples,
    finalAfterS,
    crashes,
    diskKind: world.disks["order-service"].kind,
    wire,
    checks: [
      check(
        "running",
        `at least ${options.rate} orders a second were accepted`,
        accepted >= Math.floor(options.rate * loadSeconds * 0.99)
          ? []
          : [`${(accepted / loadSeconds).toFixed(1)} a second`],
      ),
      check(
        "losses",
        `every order was final within ${FINAL_WITHIN_MS / 1000} s of the last fault`,
        final ? [] : [`${pendingOrders(world) ?? "unknown"} were not`],
      ),
      check("losses", "every event was published and announced", drained ? [] : ["not in time"]),
      ...countOrders(folder, load.attempts),
      ...wire.checks,
      check(
        "audit",
        "the audit of databases, topics and ledgers finds nothing",
        auditFindings(audit.findings, injector.rebirths),
      ),
      check("running", "every service ended with 0 on SIGTERM", [
        ...injector.complaints,
        ...complaints.filter((complaint) => complaint !== undefined),
      ]),
      check(
        "running",
        `no process needs more than ${MEMORY_LIMIT} times the memory of its third minute`,
        memoryTrends(samples, loadSeconds)
          .filter(({ lastMinute, thirdMinute }) => lastMinute > thirdMinute * MEMORY_LIMIT)
          .map(
            ({ name, lastMinute, thirdMinute }) =>
              `${name}: ${lastMinute.toFixed(0)} MiB after ${thirdMinute.toFixed(0)} MiB`,
          ),
      ),
    ],
  };
}

/** The order of results is judged between the rebirths of their database; see countEvents. */
function auditFindings(findings: readonly string[], rebirths: readonly number[]): string[] {
  if (rebirths.length === 0) return [...findings];
  return findings.filter((finding) => !finding.startsWith("out of order: payment_processed"));
}

function gather(from: string, to: string): void {
  for (const file of readdirSync(from)) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file));
  }
}

async function sampleMemory(
  world: World,
  samples: MemorySample[],
  elapsedS: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const processes = [
      ...SERVICES.map((name) => ({ name: name as string, pid: world.services[name].pid })),
      ...(world.broker.pid === undefined ? [] : [{ name: "broker", pid: world.broker.pid }]),
    ];
    const memory = await readMemory(processes.map(({ pid }) => pid));
    for (const { name, pid } of processes) {
      const mib = memory.get(pid);
      if (mib !== undefined) samples.push({ name, atS: elapsedS(), mib });
    }
    await sleep(2_000, signal);
  }
}

function progressOf(
  world: World,
  load: Load,
  done: readonly DoneFault[],
  elapsedS: number,
): Progress {
  return {
    elapsedS,
    accepted: load.accepted,
    waiting: load.waiting,
    kills: done.filter(({ fault }) => fault.kind === "kill").length,
    faults: done.length,
    pending: pendingOrders(world),
  };
}
