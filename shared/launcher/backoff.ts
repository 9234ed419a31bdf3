/** Milliseconds that a process must have run for its next end to count as the first. */
const STEADY_MS = 10_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/** How long to wait before starting a process again that has ended `failures` times in a row. */
export function restartDelay(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
}

/** The failures in a row after one more, of a process that ran for `ranMs`. */
export function countFailure(failures: number, ranMs: number): number {
  return ranMs >= STEADY_MS ? 1 : failures + 1;
}
