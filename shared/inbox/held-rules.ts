import { type AppError, type Backoff, backoffDelay } from "@order-outbox/errors";
import type { HeldState } from "@order-outbox/operator";

/** How often a failure that may pass is tried, and how long between. */
export interface RetryPolicy extends Backoff {
  /** Attempts in all; after the last one the event is parked. */
  attempts: number;
}

/** What is to be done with an event that arrives. */
export type Arrival = "RUN" | "BEHIND" | "WAITING";

/**
 * An event runs unless one of its key stands before it. Events that wait for a predecessor do not
 * stand before it, because it may be the one.
 */
export function decideArrival(heldOfKey: readonly HeldState[], ready: boolean): Arrival {
  if (heldOfKey.some((state) => state !== "WAITING")) return "BEHIND";
  return ready ? "RUN" : "WAITING";
}

/** What a failed attempt makes of an event; `delayMs` until the next one when there is one. */
export type FailureVerdict = { state: "RETRYING"; delayMs: number } | { state: "PARKED" };

/** @param attempts those made, the failed one included; @param random a number in [0, 1) */
export function decideFailure(
  error: AppError,
  attempts: number,
  policy: RetryPolicy,
  random: number,
): FailureVerdict {
  return error.retryable && attempts < policy.attempts
    ? { state: "RETRYING", delayMs: backoffDelay(attempts, policy, random) }
    : { state: "PARKED" };
}

/**
 * Whether a retry is to be made. Times are of a steady clock, which no setting of the time of day
 * changes until a restart; after one, a time further away than any retry is planned comes from a
 * clock that was ahead, and nobody waits for it.
 *
 * @param nextAttemptAt,now,furthest ISO 8601; `furthest` is `now` and the longest delay
 */
export const isDue = (nextAttemptAt: string, now: string, furthest: string): boolean =>
  nextAttemptAt <= now || nextAttemptAt > furthest;

/** A held event as far as choosing among those of its key goes. */
export interface HeldChoice {
  id: number;
  state: HeldState;
  /** ISO 8601; when a retry is due. */
  nextAttemptAt: string | null;
}

/** The first of a key's held events that has failed: nothing of the key runs before it. */
export const firstFailed = <Held extends HeldChoice>(heldOfKey: readonly Held[]) =>
  heldOfKey.find(({ state }) => state === "RETRYING" || state === "PARKED");

/**
 * The held event of a key to work on next, of those in the order in which they came; undefined when
 * all have to wait. One that waits for a predecessor does not run while one of its key has failed,
 * even if it came before that and seems ready: a failed predecessor may have left part of its effects.
 *
 * @param isDue whether a retry planned for that time (ISO 8601) is to be made
 * @param redriven whether an operator wants the one that has failed tried now
 */
export async function pickNext<Held extends HeldChoice>(
  heldOfKey: readonly Held[],
  isDue: (nextAttemptAt: string) => boolean,
  isReady: (held: Held) => boolean | Promise<boolean>,
  redriven = false,
): Promise<Held | undefined> {
  const failed = firstFailed(heldOfKey);
  if (failed !== undefined) {
    const { state, nextAttemptAt } = failed;
    const isRetry = state === "RETRYING" && nextAttemptAt !== null && isDue(nextAttemptAt);
    return redriven || isRetry ? failed : undefined;
  }
  for (const held of heldOfKey) {
    if (await isReady(held)) return held;
  }
  return undefined;
}
