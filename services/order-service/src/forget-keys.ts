import type { Logger } from "@order-outbox/service-kit";
import type { CommitQueue } from "@order-outbox/sqlite";
import type { IdempotencyStore } from "./idempotency-store.ts";

export interface ForgetKeysDeps {
  keys: IdempotencyStore;
  keyRetentionMs: number;
  queue: CommitQueue;
  logger: Logger;
  now(): number;
  /** Milliseconds between two looks; one minute. */
  everyMs?: number;
}

/** So few that orders which wait for the same disk do not notice. */
const KEYS_PER_UNIT = 500;

/** Removes expired idempotency keys from time to time, in small steps. */
export function forgetKeys(deps: ForgetKeysDeps): { stop(): Promise<void> } {
  const { keys, keyRetentionMs, queue, logger, now, everyMs = 60_000 } = deps;
  let stopped = false;
  let working: Promise<void> | undefined;

  async function forgetExpired(): Promise<void> {
    let removed = KEYS_PER_UNIT;
    while (removed === KEYS_PER_UNIT && !stopped) {
      const notBefore = new Date(now() - keyRetentionMs).toISOString();
      removed = await queue.run(() => keys.prune(notBefore, KEYS_PER_UNIT));
    }
  }

  const timer = setInterval(() => {
    working ??= forgetExpired()
      .catch((error: unknown) => logger.warn({ error }, "expired idempotency keys stay for now"))
      .finally(() => {
        working = undefined;
      });
  }, everyMs);
  timer.unref();

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await working;
    },
  };
}
