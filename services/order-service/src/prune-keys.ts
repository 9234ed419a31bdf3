import { type KeepOptions, type Pruner, startAgePruner } from "@order-outbox/units";
import type { IdempotencyStore } from "./idempotency-store.ts";

/** Removes idempotency keys that are expired, about every minute. */
export function startKeyPruner({
  keys,
  ...options
}: Omit<KeepOptions, "target"> & { keys: Pick<IdempotencyStore, "prunable"> }): Pruner {
  return startAgePruner({ everyMs: 60_000, ...options, target: keys.prunable });
}
