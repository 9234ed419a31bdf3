import type { Clock } from "@order-outbox/errors";
import type { Database } from "@order-outbox/sqlite";

/** Who publishes from an outbox. */
export interface LeaseHolder {
  /** One incarnation of one worker. */
  owner: string;
  /** Where it runs, to show. */
  host: string;
  pid: number;
}

/** The lease as its row says. */
export interface LeaseRow extends LeaseHolder {
  /** Grows with every change of hands. */
  fencing: number;
  /**
   * Milliseconds since the epoch, to show; 0 when the lease was given back. Clocks differ and are
   * set, so nobody decides by it whether the lease is over: what counts is that it changes, which
   * tells that the owner lives.
   */
  expiresAt: number;
}

/**
 * Whether a worker may take the lease: when nobody has it, its time is over, or its owner is dead.
 * Host and process id decide nothing: two containers can have both in common.
 *
 * @param isOver whether the owner has not renewed it for the whole of its time, while one looked
 * @param isGone whether an owner is known to be dead
 */
export function mayTake(
  row: LeaseRow | null,
  own: LeaseHolder,
  isOver: boolean,
  isGone: (owner: string) => boolean,
): boolean {
  if (row === null || row.owner === own.owner || row.expiresAt === 0 || isOver) return true;
  return isGone(row.owner);
}

/**
 * The right to publish from one outbox, held by one worker at a time.
 *
 * A worker may send only while `ensure` says so, and what it sends must end within half of the
 * lease's time. The owner and those who wait measure that time by monotonic clocks of their own, so
 * no clock that is set, forwards or backwards, makes two owners or none. A worker that was stopped
 * beyond that can at worst repeat a round that the next owner has sent as well: its marks are fenced,
 * and first deliveries stay in order.
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
  now: Clock;
  monotonic: Clock;
  /** Whether the life of an owner is over for certain. */
  isGone(owner: string): boolean;
  /** Hears from whom the lease was taken that had not given it back. */
  onTakenOver?(from: LeaseHolder): void;
}

export function createLease(
  db: Database,
  { own, ttlMs, now, monotonic, isGone, onTakenOver }: LeaseOptions,
): Lease {
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
  let held: { fencing: number; until: number } | undefined;
  let seen: { fencing: number; expiresAt: number; since: number } | undefined;

  /** Whether this worker has seen one and the same lease for the whole of its time. */
  function isOver({ fencing, expiresAt }: LeaseRow): boolean {
    if (seen?.fencing !== fencing || seen.expiresAt !== expiresAt) {
      seen = { fencing, expiresAt, since: monotonic() };
    }
    return monotonic() - seen.since >= ttlMs;
  }

  const mayTakeNow = (row: LeaseRow | null): boolean =>
    mayTake(row, own, row !== null && isOver(row), isGone);

  const take = db.transaction(() => {
    const row = read.get();
    if (!mayTakeNow(row)) return undefined;
    const fencing = row?.owner === own.owner ? row.fencing : (row?.fencing ?? 0) + 1;
    const until = monotonic() + ttlMs;
    const end = now() + ttlMs;
    // Those who wait must see a change, also when the clock was set back by just that much.
    const expiresAt = end === row?.expiresAt ? end + 1 : end;
    write.run(own.owner, own.host, own.pid, fencing, expiresAt);
    return { fencing, until, from: row };
  });

  function noteTaken(from: LeaseRow | null): void {
    if (from !== null && from.owner !== own.owner && from.expiresAt !== 0) onTakenOver?.(from);
  }

  return {
    ensure() {
      if (held !== undefined && held.until - monotonic() > ttlMs / 2) return true;
      // A look at the row costs less than a write, which waits for every other writer.
      if (held === undefined && !mayTakeNow(read.get())) return false;
      const taken = take.immediate();
      held = taken;
      if (taken !== undefined) noteTaken(taken.from);
      return taken !== undefined;
    },
    fencing: () => held?.fencing ?? 0,
    release() {
      if (held === undefined) return;
      held = undefined;
      giveBack.run(own.owner);
    },
  };
}
