/** The passing of time, passed in so that a test can be in charge of it. */
export interface Timers {
  /** Calls `run` once, `delayMs` from now, unless the returned function is called before. */
  after(delayMs: number, run: () => void): CancelTimer;
}

/** Stops a timer; calling it again, or too late, does nothing. */
export type CancelTimer = () => void;

/** The machine's own timers. They do not keep the process alive. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A place for one timer: setting it again replaces the timer that is running. */
export interface TimerSlot {
  set(delayMs: number, run: () => void): void;
  clear(): void;
}

/** An empty slot on `timers`. */
export function createTimerSlot(timers: Timers): TimerSlot {
  let cancel: CancelTimer = () => {};
  return {
    set(delayMs, run) {
      cancel();
      cancel = timers.after(delayMs, run);
    },
    clear() {
      cancel();
      cancel = () => {};
    },
  };
}
