/** Tells milliseconds, by whatever clock its maker says. */
export type Clock = () => number;

let lastMs = Number.NaN;
let lastText = "";

/**
 * ISO 8601 in UTC of milliseconds since the epoch, as `Date` writes it. Many in a row are of one
 * millisecond, whose text is made once: it costs more than most of what is done with it.
 *
 * @throws RangeError when there is no such time
 */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}

/**
 * Milliseconds on a clock that only runs on, whatever is done to the time of day: for every
 * duration, deadline and delay within a process. Its zero means nothing, and each thread has its own.
 */
export const monotonic: Clock = () => performance.now();

/**
 * The time of day as it was when this was called, counted on by the monotonic clock: for times that
 * are stored for after a restart, and compared before it as durations. Setting the time of day
 * changes nothing here until the process starts again.
 */
export function steadyClock(now: Clock = Date.now, elapsed: Clock = monotonic): Clock {
  const startedAt = now() - elapsed();
  return () => startedAt + elapsed();
}

/**
 * The time of day by which stored things grow old: the earlier one of the wall's and the steady
 * clock's. Set forwards, the time of day ages nothing until the process starts again; set
 * backwards, everything is younger, and is kept longer.
 */
export function ageingClock(now: Clock = Date.now, elapsed: Clock = monotonic): Clock {
  const steady = steadyClock(now, elapsed);
  return () => Math.min(now(), steady());
}
