/**
 * Knows how far a partition is done when its records finish in any order: everything below
 * the watermark is done, so reading may continue there after a crash.
 *
 * A record is started, and settled once the transaction that does its work is committed. That very
 * transaction writes the watermark, so it asks for it as it will be.
 */
export interface OffsetTracker {
  /** Notes a record that is being worked on; offsets come in rising order. */
  start(offset: number): void;
  settle(offset: number): void;
  /** Notes that nothing more comes before `offset`: control records, which nobody works on. */
  passTo(offset: number): void;
  /** The lowest offset that is neither settled nor among `finishing`. */
  watermark(finishing?: ReadonlySet<number>): number;
}

/** @param position the offset of the first record to come */
export function createOffsetTracker(position: number): OffsetTracker {
  const records = new Map<number, "started" | "settled">();
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
    settle(offset) {
      records.set(offset, "settled");
      forgetSettled();
    },
    passTo(offset) {
      next = Math.max(next, offset);
    },
    watermark(finishing) {
      for (const [offset, state] of records) {
        if (state === "started" && finishing?.has(offset) !== true) return offset;
      }
      return next;
    },
  };
}
