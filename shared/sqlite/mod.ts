export type { Database } from "bun:sqlite";
export {
  type CommitQueue,
  type CommitQueueOptions,
  createCommitQueue,
  type Snapshot,
} from "./commit-queue.ts";
export { type Ledger, type LedgerEntry, openLedger } from "./ledger.ts";
export { type Migration, migrate, openMigrated } from "./migrate.ts";
export { closeDatabase, type OpenOptions, openDatabase } from "./open.ts";
export { holdPresence, type Presence } from "./presence.ts";
export {
  type KeepOptions,
  type Prunable,
  type PruneOptions,
  type Pruner,
  type PruneScan,
  startAgePruner,
  startPruner,
} from "./prune.ts";
export { PRUNE_STEPS, type PruneStep } from "./prune-steps.ts";
export { sqlWriter } from "./sql-writer.ts";
export { COMMIT_STEPS, type CommitStep } from "./steps.ts";
export { isStorageFull, isStorageTrouble, storageError } from "./storage-error.ts";
export { type UnitWritersOptions, type Writer, writerOf } from "./unit-writers.ts";
