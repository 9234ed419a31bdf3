export type { Database } from "bun:sqlite";
export {
  type CommitQueue,
  type CommitQueueOptions,
  createCommitQueue,
  type Snapshot,
} from "./commit-queue.ts";
export { COMMIT_CRASH_POINTS, type CommitCrashPoint } from "./crash-points.ts";
export { prepareInsertRows } from "./insert-rows.ts";
export { type Migration, migrate, openMigrated } from "./migrate.ts";
export { closeDatabase, type OpenOptions, openDatabase } from "./open.ts";
export { holdPresence, type Presence, type PresenceRole } from "./presence.ts";
export { type PrunableTable, prunableTable } from "./prunable-table.ts";
export { sqlWriter } from "./sql-writer.ts";
export { isStorageFull, storageError } from "./storage-error.ts";
export { type UnitWritersOptions, type Writer, writerOf } from "./unit-writers.ts";
export { type Write, writeAlone } from "./write-alone.ts";
