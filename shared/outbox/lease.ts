import type { Database } from "@order-outbox/sqlite";

/** Who publishes from an outbox. */
export interface LeaseHolder {
  /** One incarnation of one worker. */
  owner: string;
  host: string;
  pid: number;
}

/** The lease as its row says. */
export interface LeaseRow extends LeaseHolder {
  /** Grows with every change of hands. */
  fencing: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/**
 * Whether a worker may take the lease: when nobody has it, its time is over, or its owner was a
 * process of this host that is gone. The file is on this host, so a dead owner is found at once.
 * A process has one relay, so an owner with one's own pid is a predecessor: in a container, where
 * every service is pid 1, that is the usual one.
 */
export function mayTake(
  row: LeaseRow | null,
  own: LeaseHolder,
  now: number,
  isAlive: (pid: number) => boolean,
): boolean {
  if (row === null || row.owner === own.owner || row.expiresAt <= now) return true;
  if (row.host !== own.host) return false;
  return row.pid === own.pid || !isAlive(row.pid);
}

/**
 * The right to publish from one outbox, held by one worker at a time.
 *
 * A worker may send only while `ensure` says so, and what it sends must end within half of the
 * lease's time. A worker that was stopped beyond that can at worst repeat a round that the next
 * owner has sent as well: its marks are fenced, and first deliveries stay in order.
 */
export interface Lease {
  /** Takes, keeps or renews the lease; at least half of its time is left when this says true. */
  ensure(): boolean;
  /** The number that fences this incarnation's writes; 0 while it does not hold the lease. */
  fencing(): number;
  /** Gives the lease back, so that another worker can take it at once. */
  release(): void;
}

export interface LeaseOptions {
  own: LeaseHolder;
  /** Milliseconds that the lease holds without being renewed. */
  ttlMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
  isAlive(pid: number): boolean;
}

export function createLease(db: Database, { own, ttlMs, now, isAlive }: LeaseOptions): Lease {
  const read = db.prepare<LeaseRow, []>(
    "SELECT owner, host, pid, fencing, expiresAt FROM relay_lease WHERE id = 1",
  );
  const write = db.prepare<unknown, [string, string, number, number, number]>(
    `INSERT INTO relay_lease (id, owner, host, pid, fencing, expiresAt) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, host = excluded.host,
       pid = excluded.pid, fencing = excluded.fencing, expiresAt = excluded.expiresAt`,
  );
  const giveBack = db.prepare<unknown, [string]>(
    "UPDATE relay_lease SET expiresAt = 0 WHERE owner = ?",
  );
  let held: { fencing: number; expiresAt: number } | undefined;

  const take = db.transaction(() => {
    const row = read.get();
    if (!mayTake(row, own, now(), isAlive)) return undefined;
    const fencing = row?.owner === own.owner ? row.fencing : (row?.fencing ?? 0) + 1;
    const expiresAt = now() + ttlMs;
    write.run(own.owner, own.host, own.pid, fencing, expiresAt);
    return { fencing, expiresAt };
  });

  return {
    ensure() {
      const left = (held?.expiresAt ?? 0) - now();
      // More than a whole lease left means that the clock was set back.
      if (left > ttlMs / 2 && left <= ttlMs) return true;
      // A look at the row costs less than a write, which waits for every other writer.
      if (held === undefined && !mayTake(read.get(), own, now(), isAlive)) return false;
      held = take.immediate();
      return held !== undefined;
    },
    fencing: () => held?.fencing ?? 0,
    release() {
      if (held === undefined) return;
      held = undefined;
      giveBack.run(own.owner);
    },
  };
}
