import { type Backoff, backoffDelay } from "./backoff.ts";
import { partitionName } from "./round.ts";
import type { HeldPartition } from "./store.ts";

/** Why a partition waits although nothing is wrong with its rows. */
export interface HoldReason {
  code: string;
  message: string;
}

interface Hold extends HeldPartition {
  failures: number;
  reason: HoldReason | undefined;
  /** Milliseconds on the relay's monotonic clock. */
  until: number;
}

/**
 * Which partitions wait, and how small the next batch for a partition has to be.
 *
 * A batch that the broker refuses says nothing about a single record of it, so it is halved until
 * the refused record stands alone; after each success the limit doubles back.
 */
export interface PartitionHolds {
  /**
   * Holds a partition for a while that grows with each failure in a row.
   *
   * @returns whether it did not wait for this reason before
   */
  hold(topic: string, partition: number, now: number, random: number, reason?: HoldReason): boolean;
  /** The next batch for a partition must be at most half of `rows`. */
  halve(topic: string, partition: number, rows: number): void;
  /**
   * Notes that a partition took its rows.
   *
   * @returns whether it had waited for a reason
   */
  noteSuccess(topic: string, partition: number, rows: number): boolean;
  /** Why partitions wait, in words; null when none does for a reason. */
  waiting(): string | null;
  heldAt(now: number): HeldPartition[];
  /** When the first of the holds in force ends; undefined when nothing is held. */
  nextRelease(now: number): number | undefined;
  rowLimits(): ReadonlyMap<string, number>;
}

/** @param fullRows the limit from which a partition is no longer treated as being split */
export function createPartitionHolds(backoff: Backoff, fullRows: number): PartitionHolds {
  const holds = new Map<string, Hold>();
  const limits = new Map<string, number>();
  return {
    hold(topic, partition, now, random, reason) {
      const name = partitionName(topic, partition);
      const before = holds.get(name);
      const failures = (before?.failures ?? 0) + 1;
      const until = now + backoffDelay(failures, backoff, random);
      holds.set(name, { topic, partition, failures, until, reason });
      return before?.reason?.code !== reason?.code;
    },
    halve(topic, partition, rows) {
      limits.set(partitionName(topic, partition), Math.ceil(rows / 2));
    },
    noteSuccess(topic, partition, rows) {
      const name = partitionName(topic, partition);
      const waited = holds.get(name)?.reason !== undefined;
      holds.delete(name);
      const limit = limits.get(name);
      if (limit === undefined || rows < limit) return waited;
      if (limit * 2 >= fullRows) limits.delete(name);
      else limits.set(name, limit * 2);
      return waited;
    },
    waiting() {
      const reasons = [...holds.values()].flatMap(({ reason }) => reason?.message ?? []);
      return reasons.length === 0 ? null : reasons.join("; ");
    },
    heldAt: (now) => [...holds.values()].filter(({ until }) => until > now),
    nextRelease(now) {
      const ends = [...holds.values()].map(({ until }) => until).filter((until) => until > now);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    rowLimits: () => limits,
  };
}
