import { type Prunable, type PruneScan, tellPruneCrashPoint } from "@order-outbox/units";
import type { CommitQueue } from "./commit-queue.ts";

/** The statements by which a table is walked and old rows are deleted; see {@link Prunable}. */
export interface PrunableTable<Key> {
  table: string;
  scan(after: Key | undefined, before: string, limit: number): PruneScan<Key>;
  /** Runs inside a transaction; gives how many rows it deleted. */
  remove(keys: readonly Key[], before: string): number;
}

/** @param queue through which everything else writes to the database */
export function prunableTable<Key>(
  queue: Pick<CommitQueue, "run" | "size">,
  { table, scan, remove }: PrunableTable<Key>,
): Prunable<Key> {
  return {
    table,
    scan: async (after, before, limit) => scan(after, before, limit),
    remove: (keys, before) =>
      queue.run(() => {
        const gone = remove(keys, before);
        tellPruneCrashPoint("inside", table, gone);
        return gone;
      }),
    isBusy: () => queue.size > 0,
  };
}
