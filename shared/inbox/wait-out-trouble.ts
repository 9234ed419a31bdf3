import { errorCodeOf, isStorageTrouble } from "@order-outbox/errors";
import type { WorkDeps } from "./work-deps.ts";

/** Tries `work` again until what is a database's own trouble has passed: full, busy, gone. */
export async function waitOutTrouble<T>(deps: WorkDeps, work: () => T | Promise<T>): Promise<T> {
  let waits = 0;
  try {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isStorageTrouble(error)) throw error;
        waits += 1;
        if (waits === 1) beginTrouble(deps, error);
        await deps.pause(waits);
      }
    }
  } finally {
    if (waits > 0) endTrouble(deps);
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
