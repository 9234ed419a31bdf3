import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { percentilesOf } from "./stats.ts";

/** What a run was measured on. */
export interface Machine {
  cores: number;
  cpu: string;
  memoryGib: number;
  system: string;
  bun: string;
  /** Of writing 4 KiB and waiting for the disk, in milliseconds, in the folder of the databases. */
  syncMs: { p50: number; p99: number };
  commit: string;
}

const SYNCS = 200;
const BLOCK = new Uint8Array(4_096);

/** Looks at this machine; databases will lie in `folder`. */
export function describeMachine(folder: string): Machine {
  const [first] = cpus();
  const { p50, p99 } = percentilesOf(timeSyncs(join(folder, "sync")));
  return {
    cores: cpus().length,
    cpu: first?.model ?? "unknown",
    memoryGib: totalmem() / 2 ** 30,
    system: `${platform()} ${release()}`,
    bun: Bun.version,
    syncMs: { p50, p99 },
    commit: commitOf(),
  };
}

function timeSyncs(file: string): number[] {
  const fd = openSync(file, "w");
  const times = Array.from({ length: SYNCS }, () => {
    const startedAt = performance.now();
    writeSync(fd, BLOCK);
    fdatasyncSync(fd);
    return performance.now() - startedAt;
  });
  closeSync(fd);
  rmSync(file);
  return times;
}

function commitOf(): string {
  try {
    const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: import.meta.dir });
    const id = git("rev-parse", "--short", "HEAD").stdout.toString().trim();
    if (id === "") return "unknown";
    const changed = git("status", "--porcelain", "--untracked-files=no").stdout.toString() !== "";
    return changed ? `${id}, with changes` : id;
  } catch {
    return "unknown";
  }
}
