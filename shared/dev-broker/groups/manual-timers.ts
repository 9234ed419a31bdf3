import type { Timers } from "./timers.ts";

/** Timers that stand still until a test moves them on. */
export interface ManualTimers extends Timers {
  /** Lets `ms` pass: what is due runs in order, and what it settles is settled afterwards. */
  advance(ms: number): Promise<void>;
  /** How many timers are running. */
  readonly running: number;
}

interface Due {
  readonly at: number;
  readonly run: () => void;
}

export function createManualTimers(): ManualTimers {
  const waiting = new Set<Due>();
  let now = 0;

  function next(until: number): Due | undefined {
    const due = [...waiting].filter(({ at }) => at <= until);
    return due.reduce<Due | undefined>(
      (first, timer) => (first && first.at <= timer.at ? first : timer),
      undefined,
    );
  }

  return {
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      waiting.add(timer);
      return () => waiting.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      for (let timer = next(until); timer; timer = next(until)) {
        waiting.delete(timer);
        now = timer.at;
        timer.run();
        await settled();
      }
      now = until;
      await settled();
    },
    get running() {
      return waiting.size;
    },
  };
}

/** Waits until everything that can be settled by now is settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
