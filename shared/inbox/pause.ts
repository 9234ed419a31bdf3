const PAUSES_MS = [100, 200, 500, 1_000, 2_000];

/** Waits before an attempt, longer before each next one; rejects with its reason when `signal` aborts. */
export function pauseBefore(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = PAUSES_MS[Math.min(attempt, PAUSES_MS.length) - 1] as number;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
