import { Database } from "bun:sqlite";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A system that `bun run start` keeps running on a folder. */
export interface RunningSystem {
  pid: number;
  /** For KAFKA_HOST. */
  brokers: string;
  /** Where its services are looked at. */
  urls: readonly string[];
}

/** Held by the process that runs the system, and given up by the system when it ends, however it does. */
const LOCK = "running.lock";
/** What is said of it; it outlives a process that is killed, the lock does not. */
const FACTS = "running.json";

/** A lock that nobody refers to is given up when its connection is collected. */
let held: Database | undefined;

/**
 * Makes this process the one that runs a system on the folder, which exists, until it ends.
 *
 * @returns false when another process does
 */
export function claimFolder(folder: string, system: RunningSystem): boolean {
  held = lock(folder);
  if (held === undefined) return false;
  const facts = join(folder, FACTS);
  writeFileSync(facts, `${JSON.stringify(system, null, 2)}\n`, { mode: 0o600 });
  // One that was there before keeps the rights that it had.
  chmodSync(facts, 0o600);
  return true;
}

/** The system that runs on the folder now, if one does. */
export function findRunning(folder: string): RunningSystem | undefined {
  if (!existsSync(join(folder, LOCK))) return undefined;
  const free = lock(folder);
  if (free !== undefined) {
    free.close();
    return undefined;
  }
  try {
    return JSON.parse(readFileSync(join(folder, FACTS), "utf8"));
  } catch {
    // It has only just begun.
    return undefined;
  }
}

/** The locks of SQLite are the system's own: they end with the process. */
function lock(folder: string): Database | undefined {
  const db = new Database(join(folder, LOCK), { create: true });
  try {
    db.run("PRAGMA busy_timeout = 0");
    // Nothing is written, so nothing has to be undone: no journal beside it.
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
    return db;
  } catch {
    db.close();
    return undefined;
  }
}
