import { errorCodeOf, isStorageTrouble } from "@order-outbox/errors";
import type { WorkDeps } from "./work-deps.ts";

/**
 * Tries `work` again until what is a database's own trouble has passed: full, busy, gone. What comes
 * at once is given at once, because each wait has its price with every event.
 */
export function waitOutTrouble<T>(deps: WorkDeps, work: () => T | Promise<T>): T | Promise<T> {
  try {
    const result = work();
    return result instanceof Promise
      ? result.catch((error: unknown) => tryAgain(deps, work, error))
      : result;
  } catch (error) {
    return tryAgain(deps, work, error);
  }
}

/** @param failure of the first attempt */
async function tryAgain<T>(
  deps: WorkDeps,
  work: () => T | Promise<T>,
  failure: unknown,
): Promise<T> {
  if (!isStorageTrouble(failure)) throw failure;
  beginTrouble(deps, failure);
  try {
    for (let waits = 1; ; waits++) {
      await deps.pause(waits);
      try {
        return await work();
      } catch (error) {
        if (!isStorageTrouble(error)) throw error;
      }
    }
  } finally {
    endTrouble(deps);
  }
}

function beginTrouble({ log, troubled }: WorkDeps, error: unknown): void {
  const code = errorCodeOf(error);
  if (troubled.events === 0) log.warn({ code }, "a database takes no writes; trying again");
  troubled.events += 1;
}

function endTrouble({ log, troubled }: WorkDeps): void {
  troubled.events -= 1;
  if (troubled.events === 0) log.info({}, "no event waits for a database any more");
}
