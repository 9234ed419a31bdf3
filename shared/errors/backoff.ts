/** Bounds of a growing delay, in milliseconds. */
export interface Backoff {
  baseMs: number;
  capMs: number;
}

/**
 * The delay before attempt `attempt` (1 for the first repetition): doubled each time up to the
 * cap, of which the upper half is random, so that many waiters do not return at once.
 *
 * @param random a number in [0, 1)
 */
export function backoffDelay(attempt: number, { baseMs, capMs }: Backoff, random: number): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * random;
}
