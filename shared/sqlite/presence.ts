import { Database } from "bun:sqlite";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createPrivately } from "./private-file.ts";

/** One life of one worker on a database, which others that work on that file can see the end of. */
export interface Presence {
  /** Of this life alone. */
  readonly id: string;
  /** Whether another life is known to be over; see {@link holdPresence} for one without a file. */
  isGone(id: string): boolean;
  /** Removes what lives that are over have left. Nothing is known of them afterwards. */
  sweep(): void;
  /** Ends this life. */
  end(): void;
}

/** A sweep or a look holds the lock of a file for a moment. */
const LOCK_WAIT_MS = 2_000;
const ID = /^(?:(locked)-)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** In the id of a relay that holds its lock: without its file it is dead. */
const LOCKED = "locked-";

/** What a worker of a database is there for. */
export type PresenceRole = "relay" | "member";

/**
 * Shows that a worker of this process lives, by the lock of an empty file beside the database,
 * `orders.db-ROLE-ID`. The system drops the lock when the process dies, however it does; a stopped
 * process keeps it. Unlike a process id it is nobody else's after that, and it is seen between
 * containers that share the file, whatever they call themselves. SQLite takes the lock, as it takes
 * those of the database: where these do not hold between two hosts, neither may open it.
 *
 * The id of a relay that holds its lock says so, and it is only told in the database itself. So where
 * there is no such file the relay is dead, or at work on the file that this one is a copy of: a
 * restored copy need not wait for it. Of a member others hear through Kafka, also those that work on
 * a copy; without its file nothing is known of it.
 *
 * Where the file cannot be made, and for a database in memory, others know nothing of this life.
 */
export function holdPresence(databasePath: string, role: PresenceRole): Presence {
  const uuid = crypto.randomUUID();
  const prefix = `${databasePath}-${role}-`;
  const own = databasePath === "" || databasePath === ":memory:" ? undefined : hold(prefix + uuid);
  const id = own !== undefined && role === "relay" ? LOCKED + uuid : uuid;

  return {
    id,
    isGone(other) {
      const [, locked, name] = ID.exec(other) ?? [];
      if (name === undefined || name === uuid || own === undefined) return false;
      if (locked !== undefined && !existsSync(prefix + name)) return true;
      return withLockOf(prefix + name, () => {});
    },
    sweep() {
      if (own === undefined) return;
      const others = readdirSync(dirname(prefix)).filter(
        (name) => name.startsWith(basename(prefix)) && !name.endsWith(uuid),
      );
      for (const name of others) {
        const path = join(dirname(prefix), name);
        withLockOf(path, () => rmSync(path, { force: true }));
      }
    },
    end() {
      if (own === undefined) return;
      rmSync(prefix + uuid, { force: true });
      own.close();
    },
  };
}

function hold(path: string): Database | undefined {
  try {
    for (;;) {
      createPrivately(path);
      const lock = lockFile(path, LOCK_WAIT_MS);
      // Another's sweep may have come in between the file and its lock.
      if (existsSync(path)) return lock;
      lock.close();
    }
  } catch {
    return undefined;
  }
}

/** Whether the lock is there to be taken, and so nobody's; runs `work` under it then. */
function withLockOf(path: string, work: () => void): boolean {
  if (!existsSync(path)) return false;
  let lock: Database | undefined;
  try {
    lock = lockFile(path, 0);
    work();
    return true;
  } catch {
    return false;
  } finally {
    lock?.close();
  }
}

function lockFile(path: string, waitMs: number): Database {
  const db = new Database(path, { readwrite: true });
  try {
    db.run(`PRAGMA busy_timeout = ${waitMs}`);
    // Nothing is ever written; on the disk a journal would be left behind.
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
