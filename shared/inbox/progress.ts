import type { Clock } from "@order-outbox/errors";
import { isStorageTrouble } from "@order-outbox/errors";

/** Knows since when an inbox has made no progress. */
export interface Progress {
  /** Says that an event was finished, or that a rest ended. */
  note(): void;
  /**
   * Makes a call to the outside world. It is progress while it is in flight, for no longer than
   * `limitMs`, and so is its end, unless it failed by a database's trouble: that is tried again and
   * again.
   */
  call<T>(limitMs: number, call: () => T | Promise<T>): Promise<T>;
  /** Milliseconds since the epoch of the last progress, to show; null before the first. */
  lastAt(): number | null;
  /** Milliseconds without progress; null before the first. */
  sinceMs(): number | null;
}

/** @param now milliseconds since the epoch */
export function createProgress(elapsed: Clock, now: Clock): Progress {
  let last: { at: number; time: number } | undefined;
  const deadlines = new Set<{ at: number }>();

  function note(): void {
    last = { at: elapsed(), time: now() };
  }

  return {
    note,
    async call(limitMs, call) {
      const deadline = { at: elapsed() + limitMs };
      deadlines.add(deadline);
      try {
        const result = await call();
        note();
        return result;
      } catch (error) {
        if (!isStorageTrouble(error)) note();
        throw error;
      } finally {
        deadlines.delete(deadline);
      }
    },
    lastAt: () => last?.time ?? null,
    sinceMs() {
      if (last === undefined) return null;
      const at = elapsed();
      for (const deadline of deadlines) if (at <= deadline.at) return 0;
      return at - last.at;
    },
  };
}
