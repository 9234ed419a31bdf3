import type { AppError, ErrorCode } from "@order-outbox/errors";
import { decideFailure } from "./held-rules.ts";
import type { Holding } from "./store.ts";
import type { WorkDeps } from "./work-deps.ts";

/**
 * Codes of events that are refused for what they are. They park alone, without a key: nothing waits
 * for them, or whoever may write to a topic could hold back any order.
 */
const REFUSALS: readonly string[] = [
  "EVENT_MALFORMED",
  "EVENT_TOO_LARGE",
  "EVENT_MISPLACED",
  "EVENT_CONTRADICTS",
] satisfies ErrorCode[];

/** Whether an event that is held for this reason stands alone, so that its key goes on. */
export const standsAlone = ({ errorCode }: Holding): boolean => REFUSALS.includes(errorCode);

/** How many characters are kept of what went wrong: it may quote what a stranger wrote. */
const MAX_ERROR = 1_000;

/** What becomes of an event after `attempts` attempts, the last of which failed. */
export function holdingAfter(deps: WorkDeps, error: AppError, attempts: number): Holding {
  const verdict = decideFailure(error, attempts, deps.retry, deps.random());
  const nextAttemptAt =
    verdict.state === "RETRYING" ? new Date(deps.steady() + verdict.delayMs).toISOString() : null;
  const { state } = verdict;
  const lastError = error.message.slice(0, MAX_ERROR);
  return { state, errorCode: error.code, lastError, attempts, nextAttemptAt };
}
