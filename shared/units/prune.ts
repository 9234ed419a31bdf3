import { setTimeout as sleep } from "node:timers/promises";
import { AppError, type Clock, toAppError } from "@order-outbox/errors";
import { tellPruneCrashPoint } from "./crash-points.ts";

/**
 * What a store keeps whose old rows may go. It is walked upward by a key, so age needs no index; what
 * a key is, is the store's own affair.
 */
export interface Prunable<Key = unknown> {
  table: string;
  /** Looks at up to `limit` rows after a key, from the first when it is undefined. Only reads. */
  scan(after: Key | undefined, before: string, limit: number): Promise<PruneScan<Key>>;
  /** Deletes those of these rows that may still go, in one transaction; resolves with how many. */
  remove(keys: readonly Key[], before: string): Promise<number>;
  /** Whether others wait for the store, so that a step had better give way. */
  isBusy(): boolean;
}

/** A part of a table. */
export interface PruneScan<Key = unknown> {
  /** The keys of the rows that may go. */
  old: Key[];
  /** Where to go on; undefined when there is nothing left to look at. */
  last: Key | undefined;
}

/** How to prune a table; times in milliseconds. */
export interface PruneOptions<Key = unknown> {
  target: Prunable<Key>;
  /** Rows from before this time (ISO 8601) may go; undefined: none, for now. Asked at every step. */
  before(): string | undefined;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** A number in [0, 1). */
  random(): number;
  /** The longest time between two sweeps; half of it is random. 5 minutes when left out. */
  everyMs?: number;
  /** Until the first sweep, at the longest; 2 seconds when left out. */
  firstMs?: number;
}

/** Deletes old rows from time to time, in steps so small that nobody who writes notices. */
export interface Pruner {
  /** How many rows were deleted since the start. */
  readonly removed: number;
  /** Resolves when the step in flight is done. Call it before the store is closed. */
  stop(): Promise<void>;
}

const EVERY_MS = 5 * 60_000;
const FIRST_MS = 2_000;
/** Rows that one step looks at: well under a millisecond. */
const ROWS_PER_SCAN = 500;
/** Rows that one transaction deletes: where keys are random, each is a page of its own per index. */
const ROWS_PER_UNIT = 50;
/** Between two steps, so that requests get their turn. */
const REST_MS = 5;
/** How often a step gives way to a busy store: load that never ends must not stop pruning. */
const GIVE_WAY = 4;

/** Starts a pruner; nothing of it keeps the process alive. */
export function startPruner<Key>(options: PruneOptions<Key>): Pruner {
  const { target, before, log, random } = options;
  const { everyMs = EVERY_MS, firstMs = FIRST_MS } = options;
  const stopping = new AbortController();
  let removed = 0;

  const rest = (ms: number) => sleep(ms, undefined, { signal: stopping.signal, ref: false });
  const spread = (ms: number) => ms / 2 + (ms / 2) * random();

  async function removeRows(keys: readonly Key[], olderThan: string): Promise<void> {
    for (let waits = 0; target.isBusy() && waits < GIVE_WAY; waits++) await rest(REST_MS);
    const rows = await target.remove(keys, olderThan);
    removed += rows;
    tellPruneCrashPoint("pruned", target.table, rows);
    await rest(REST_MS);
  }

  async function sweep(): Promise<void> {
    let after: Key | undefined;
    const old: Key[] = [];
    for (;;) {
      const olderThan = before();
      if (olderThan === undefined) return;
      const scan = await target.scan(after, olderThan, ROWS_PER_SCAN);
      old.push(...scan.old);
      after = scan.last;
      const whole = after === undefined ? 0 : ROWS_PER_UNIT - 1;
      while (old.length > whole) await removeRows(old.splice(0, ROWS_PER_UNIT), olderThan);
      if (after === undefined) return;
      await rest(REST_MS);
    }
  }

  async function sweepAndTell(): Promise<void> {
    const { table } = target;
    const first = removed;
    try {
      await sweep();
    } catch (error) {
      const { code, message } = toAppError(error, "STORAGE_FAILED");
      if (!stopping.signal.aborted) log.warn({ table, code }, `pruning waits: ${message}`);
    }
    if (removed > first) log.info({ table, rows: removed - first }, "old rows pruned");
  }

  async function work(): Promise<void> {
    for (let ms = firstMs; ; ms = everyMs) {
      await rest(spread(ms));
      await sweepAndTell();
    }
  }

  const working = work().catch(() => {});
  return {
    get removed() {
      return removed;
    },
    stop() {
      stopping.abort(new AppError("SHUTTING_DOWN", "pruning ends"));
      return working;
    },
  };
}

/** How to keep the rows of a table for some time. */
export interface KeepOptions<Key = unknown> extends Omit<PruneOptions<Key>, "before"> {
  /** Milliseconds; undefined: for ever. */
  keepMs: number | undefined;
  /** Milliseconds since the epoch by which rows grow old; an `ageingClock`. */
  now: Clock;
}

/** Starts a pruner of rows older than `keepMs`; the shorter that is, the more often it looks. */
export function startAgePruner<Key>({ keepMs, now, ...options }: KeepOptions<Key>): Pruner {
  return startPruner({
    everyMs: Math.min(EVERY_MS, keepMs ?? EVERY_MS),
    ...options,
    before: () => (keepMs === undefined ? undefined : new Date(now() - keepMs).toISOString()),
  });
}
