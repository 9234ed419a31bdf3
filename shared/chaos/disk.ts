import { Database } from "bun:sqlite";
import { mkdirSync, statfsSync } from "node:fs";
import { platform } from "node:os";
import { waitFor } from "@order-outbox/testing";
import { cleanUpWith } from "@order-outbox/tool-kit";

/** The place of one service's database, which can be made full. */
export interface Disk extends AsyncDisposable {
  readonly folder: string;
  /** How it is made full. */
  readonly kind: "tmpfs" | "file size limit" | "none";
  /** Leaves no room; says whether that was possible. `pid` is that of the service. */
  fill(pid: number): Promise<boolean>;
  free(pid: number): Promise<void>;
}

const ROOM = "2g";

/** Why a disk could not be filled, on a machine that has neither of the means. */
export const NO_WAY_TO_FILL = "no way to fill a disk here";

/**
 * A folder of which the room can be taken away: a file system of its own, in memory, where this
 * process may mount one, and the service's limit on the size of files otherwise (`prlimit`).
 */
export async function openDisk(folder: string): Promise<Disk> {
  mkdirSync(folder, { recursive: true });
  if (
    platform() === "linux" &&
    (await run("mount", "-t", "tmpfs", "-o", `size=${ROOM}`, "none", folder))
  ) {
    return tmpfs(folder);
  }
  if (await run("prlimit", "--version")) return limitedFiles(folder);
  return {
    folder,
    kind: "none",
    fill: async () => false,
    free: async () => {},
    async [Symbol.asyncDispose]() {},
  };
}

function tmpfs(folder: string): Disk {
  const cleanup = cleanUpWith(["umount", "-l", folder]);
  const resize = (size: string) => run("mount", "-o", `remount,size=${size}`, folder);
  return {
    folder,
    kind: "tmpfs",
    async fill() {
      // Refused when the service has written more since the look.
      const shrink = () => {
        const { blocks, bfree, bsize } = statfsSync(folder);
        return resize(String((blocks - bfree) * bsize));
      };
      return waitFor(shrink, {
        what: "the disk to be full",
        timeoutMs: 1_000,
        intervalMs: 1,
      }).catch(() => false);
    },
    async free() {
      await resize(ROOM);
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
}

/** Every write beyond the first 4 KiB of a file fails; a new process has no limit. */
function limitedFiles(folder: string): Disk {
  const limit = (pid: number, bytes: string) => run("prlimit", `--pid=${pid}`, `--fsize=${bytes}:`);
  return {
    folder,
    kind: "file size limit",
    fill: (pid) => limit(pid, "4096"),
    async free(pid) {
      await limit(pid, "unlimited");
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Lets a database grow with its next commit, so that a full disk is felt at once. */
export function emptyWal(path: string): void {
  try {
    using db = new Database(path, { readwrite: true });
    db.run("PRAGMA busy_timeout = 100");
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Busy: then it is felt a little later.
  }
}

/**
 * A disk that is slow to commit: takes the write lock of a database and holds it for `holdMs`, again
 * and again, until `signal`.
 */
export async function slowDown(path: string, holdMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      using db = new Database(path, { readwrite: true });
      db.run("PRAGMA busy_timeout = 0");
      db.run("BEGIN IMMEDIATE");
      await Bun.sleep(holdMs);
      db.run("ROLLBACK");
    } catch {
      // Locked by the service: its turn.
    }
    await Bun.sleep(20);
  }
}

async function run(...command: string[]): Promise<boolean> {
  try {
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    return (await child.exited) === 0;
  } catch {
    return false;
  }
}
