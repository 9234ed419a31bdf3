import { existsSync, renameSync, rmSync } from "node:fs";
import { pauseProcess } from "@order-outbox/testing";
import { sleep } from "@order-outbox/tool-kit";
import { emptyWal, NO_WAY_TO_FILL, slowDown } from "./disk.ts";
import { type Fault, nameOf, type PlannedFault } from "./faults.ts";
import { createLocks } from "./locks.ts";
import type { SupervisedService } from "./service.ts";
import type { World } from "./world.ts";

/** A fault that was done. */
export interface DoneFault {
  name: string;
  fault: Fault;
  /** Why it could not be done. */
  leftOut?: string;
}

/** Does faults, also several at once, but to one process or disk only what can go together. */
export interface Injector {
  inject(fault: Fault): Promise<DoneFault>;
  /** What was wrong with the services' own ends. */
  readonly complaints: readonly string[];
  /** When payment-service was about to go on with another database; since the epoch. */
  readonly rebirths: readonly number[];
}

export function createInjector(world: World, signal: AbortSignal): Injector {
  const locks = createLocks();
  const complaints: string[] = [];
  const rebirths: number[] = [];
  const { broker, proxy, services, disks } = world;
  const payment = services["payment-service"];
  const files = (name: string) => `files of ${name}`;
  const pausing = (name: string) => `pausing ${name}`;

  async function killBroker(downMs: number): Promise<void> {
    await broker.kill();
    await Bun.sleep(downMs);
    await broker.start();
  }

  /** Stops payment-service, does something to its files, and starts it again. */
  async function withFilesOf(service: SupervisedService, change: () => void): Promise<void> {
    const { name } = service;
    await locks.holdAll([files(name), pausing(name), name], async () => {
      const complaint = await service.stop();
      if (complaint !== undefined) complaints.push(complaint);
      change();
      rebirths.push(Date.now());
      service.start();
    });
  }

  async function restore(ageMs: number): Promise<string | undefined> {
    const copy = `${payment.databasePath}.copy`;
    rmSync(copy, { force: true });
    await locks.hold(files(payment.name), () => copyDatabase(payment.databasePath, copy));
    await sleep(ageMs, signal);
    if (!existsSync(copy)) return "no copy of the database could be taken";
    await withFilesOf(payment, () => {
      removeDatabase(payment.databasePath);
      renameSync(copy, payment.databasePath);
    });
    return undefined;
  }

  async function carryOut(fault: Fault): Promise<string | undefined> {
    switch (fault.kind) {
      case "kill":
        await locks.hold(fault.target, () =>
          fault.target === "broker"
            ? killBroker(fault.downMs)
            : services[fault.target].kill(fault.downMs),
        );
        return undefined;
      case "pause":
        if (fault.target === "broker") {
          await locks.hold("broker", () => broker.pause(fault.lastsMs));
        } else {
          const service = services[fault.target];
          await locks.hold(pausing(service.name), () => pauseProcess(service.pid, fault.lastsMs));
        }
        return undefined;
      case "network":
        await locks.hold("network", async () => {
          proxy.inject(fault.fault);
          if (fault.cut) proxy.cut();
          await sleep(fault.lastsMs, signal);
          proxy.heal();
        });
        return undefined;
      case "cut":
        proxy.cut();
        return undefined;
      case "lose-database":
        await withFilesOf(payment, () => removeDatabase(payment.databasePath));
        return undefined;
      case "restore-database":
        return restore(fault.ageMs);
      case "slow-disk": {
        const { databasePath } = services[fault.target];
        await locks.hold(files(fault.target), () =>
          slowDown(databasePath, fault.holdMs, AbortSignal.timeout(fault.lastsMs)),
        );
        return undefined;
      }
      case "full-disk":
        return locks.hold(files(fault.target), async () => {
          const disk = disks[fault.target];
          const { pid, databasePath } = services[fault.target];
          emptyWal(databasePath);
          if (!(await disk.fill(pid))) return NO_WAY_TO_FILL;
          await sleep(fault.lastsMs, signal);
          await disk.free(pid);
          return undefined;
        });
    }
  }

  return {
    complaints,
    rebirths,
    async inject(fault) {
      const leftOut = await carryOut(fault).catch((error: unknown) => String(error));
      const done = { name: nameOf(fault), fault };
      return leftOut === undefined ? done : { ...done, leftOut };
    },
  };
}

/** Injects each fault of the plan at its time; `onDone` hears of each. */
export async function carryOutPlan(
  plan: readonly PlannedFault[],
  injector: Injector,
  signal: AbortSignal,
  onDone: (done: DoneFault) => void,
): Promise<void> {
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (const { atMs, fault } of plan) {
    await sleep(startedAt + atMs - performance.now(), signal);
    if (signal.aborted) break;
    running.push(injector.inject(fault).then(onDone));
  }
  await Promise.all(running);
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}

/** In a process of its own, because the copying would stop this one. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const code = `
    const { Database } = require("bun:sqlite");
    const db = new Database(process.argv[1], { readonly: true });
    db.run("PRAGMA busy_timeout = 5000");
    db.run("VACUUM INTO ?", [process.argv[2]]);`;
  await Bun.spawn([process.execPath, "-e", code, from, to], { stdin: "ignore", stderr: "inherit" })
    .exited;
}
