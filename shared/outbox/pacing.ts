import type { Round } from "./round.ts";

/** Above 2,000 rows a second, the rest after a round grows from one to the next; below, it shrinks. */
const REST_PER_ROW_MS = 0.5;
const LONGEST_REST_MS = 40;

/**
 * How long a relay rests after a round, in milliseconds: the longer, the more rows came while the
 * one before was on its way. A round has its price for the relay, the broker and every consumer's
 * commit, which only many rows make small; a row that comes alone goes out at once.
 *
 * @param elapsedMs since the round was sent
 */
export function restAfterRound(
  { rows, full }: Pick<Round, "rows" | "full">,
  elapsedMs: number,
): number {
  if (full) return 0;
  const pace = Math.min(rows * REST_PER_ROW_MS, LONGEST_REST_MS);
  return Math.max(0, pace - elapsedMs);
}
