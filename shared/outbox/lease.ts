import type { Clock } from "@order-outbox/errors";

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

/** Where it is written down who has the lease. Every method is a transaction of its own. */
export interface LeaseRecord {
  /** Undefined before anybody had it. */
  read(): Promise<LeaseRow | undefined>;
  /** Writes `next` if the record still says what was seen; false when it does not. */
  replace(seen: LeaseRow | undefined, next: LeaseRow): Promise<boolean>;
  /** Sets `expiresAt` to 0, if this is the owner. */
  giveBack(owner: string): Promise<void>;
}

/**
 * Whether a worker may take the lease: when nobody has it, its time is over, or its owner is dead.
 * Host and process id decide nothing: two containers can have both in common.
 *
 * @param isOver whether the owner has not renewed it for the whole of its time, while one looked
 * @param isGone whether its owner is known to be dead
 */
export function mayTake(
  row: LeaseRow | undefined,
  own: LeaseHolder,
  isOver: boolean,
  isGone: boolean,
): boolean {
  if (row === undefined || row.owner === own.owner || row.expiresAt === 0 || isOver) return true;
  return isGone;
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
  /**
   * Takes, keeps or renews the lease; at least half of its time is left when this says true. The
   * record is asked only when it is not.
   */
  ensure(): Promise<boolean>;
  /** The number that fences this incarnation's writes; 0 while it does not hold the lease. */
  fencing(): number;
  /** Gives the lease back, so that another worker can take it at once. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  own: LeaseHolder;
  /** Milliseconds that the lease holds without being renewed. */
  ttlMs: number;
  /** Milliseconds since the epoch. */
  now: Clock;
  monotonic: Clock;
  /** Whether the life of an owner is over for certain. */
  isGone(owner: string): boolean | Promise<boolean>;
  /** Hears from whom the lease was taken that had not given it back. */
  onTakenOver?(from: LeaseHolder): void;
}

export function createLease(
  record: LeaseRecord,
  { own, ttlMs, now, monotonic, isGone, onTakenOver }: LeaseOptions,
): Lease {
  let held: { fencing: number; until: number } | undefined;
  let seen: { fencing: number; expiresAt: number; since: number } | undefined;

  /** Whether this worker has seen one and the same lease for the whole of its time. */
  function isOver({ fencing, expiresAt }: LeaseRow): boolean {
    if (seen?.fencing !== fencing || seen.expiresAt !== expiresAt) {
      seen = { fencing, expiresAt, since: monotonic() };
    }
    return monotonic() - seen.since >= ttlMs;
  }

  async function mayTakeNow(row: LeaseRow | undefined): Promise<boolean> {
    if (row === undefined) return true;
    return mayTake(row, own, isOver(row), row.owner !== own.owner && (await isGone(row.owner)));
  }

  async function take(row: LeaseRow | undefined): Promise<typeof held> {
    const fencing = row?.owner === own.owner ? row.fencing : (row?.fencing ?? 0) + 1;
    // The lease's time begins no later for its owner than for those who see it change.
    const until = monotonic() + ttlMs;
    const end = now() + ttlMs;
    // Those who wait must see a change, also when the clock was set back by just that much.
    const expiresAt = end === row?.expiresAt ? end + 1 : end;
    if (!(await record.replace(row, { ...own, fencing, expiresAt }))) return undefined;
    if (row !== undefined && row.owner !== own.owner && row.expiresAt !== 0) onTakenOver?.(row);
    return { fencing, until };
  }

  return {
    async ensure() {
      if (held !== undefined && held.until - monotonic() > ttlMs / 2) return true;
      const row = await record.read();
      held = (await mayTakeNow(row)) ? await take(row) : undefined;
      return held !== undefined;
    },
    fencing: () => held?.fencing ?? 0,
    async release() {
      if (held === undefined) return;
      held = undefined;
      await record.giveBack(own.owner);
    },
  };
}
