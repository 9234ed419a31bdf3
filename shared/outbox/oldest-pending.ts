import type { Clock } from "@order-outbox/errors";
import type { OutboxStore } from "./store.ts";

/**
 * Prepares a watch over the oldest pending row that may be sent: how long it has been the same one, in
 * milliseconds; 0 when there is none. What waits behind a parked row of its key waits for an operator.
 * Call it every few seconds. A database that does not answer tells of no other row.
 */
export function watchOldestPending(
  store: Pick<OutboxStore, "oldestPending">,
  monotonic: Clock,
): () => Promise<number> {
  let seen: { id: number; since: number } | undefined;
  return async () => {
    const id = await store.oldestPending().catch(() => seen?.id);
    if (id === undefined) seen = undefined;
    else if (seen?.id !== id) seen = { id, since: monotonic() };
    return seen === undefined ? 0 : monotonic() - seen.since;
  };
}
