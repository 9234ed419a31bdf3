/**
 * Knows how far a partition is done when its records finish in any order: everything below
 * the watermark is done, so reading may continue there after a crash.
 *
 * A record goes from started to finished inside the transaction that does its work, and to settled
 * once that is committed; a rolled-back transaction reopens it. The watermark counts finished
 * records, because it is written by that very transaction.
 */
export interface OffsetTracker {
  /** Notes a record that is being worked on; offsets come in rising order. */
  start(offset: number): void;
  finish(offset: number): void;
  settle(offset: number): void;
  reopen(offset: number): void;
  /** Notes that nothing more comes before `offset`: control records, which nobody works on. */
  passTo(offset: number): void;
  /** The lowest offset that is not finished. */
  watermark(): number;
}

/** @param position the offset of the first record to come */
export function createOffsetTracker(position: number): OffsetTracker {
  const records = new Map<number, "started" | "finished" | "settled">();
  let next = position;

  /** Forgets the settled records below the first unsettled one; a Map keeps them in rising order. */
  function forgetSettled(): void {
    for (const [offset, state] of records) {
      if (state !== "settled") return;
      records.delete(offset);
    }
  }

  return {
    start(offset) {
      records.set(offset, "started");
      next = offset + 1;
    },
    finish(offset) {
      records.set(offset, "finished");
    },
    settle(offset) {
      records.set(offset, "settled");
      forgetSettled();
    },
    reopen(offset) {
      records.set(offset, "started");
    },
    passTo(offset) {
      next = Math.max(next, offset);
    },
    watermark() {
      for (const [offset, state] of records) if (state === "started") return offset;
      return next;
    },
  };
}
