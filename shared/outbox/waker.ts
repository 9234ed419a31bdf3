/** Lets a loop rest until there is work, without losing a call that comes while it works. */
export interface Waker {
  wake(): void;
  stop(): void;
  readonly stopped: boolean;
  /** Rests until `wake` (also one that came since the last rest), `stop`, or `ms` have passed. */
  waitForWork(ms: number): Promise<void>;
  /** Rests for `ms`; only `stop` cuts it short. */
  pause(ms: number): Promise<void>;
}

export function createWaker(): Waker {
  let awake = false;
  let stopped = false;
  let resting: { byWake: boolean; end(): void } | undefined;

  function rest(ms: number, byWake: boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        resting = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      resting = { byWake, end };
    });
  }

  return {
    get stopped() {
      return stopped;
    },
    wake() {
      awake = true;
      if (resting?.byWake) resting.end();
    },
    stop() {
      stopped = true;
      resting?.end();
    },
    async waitForWork(ms) {
      if (!awake && !stopped) await rest(ms, true);
      awake = false;
    },
    async pause(ms) {
      if (!stopped) await rest(ms, false);
    },
  };
}
