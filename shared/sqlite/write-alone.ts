import type { Database } from "bun:sqlite";

/** Runs synchronous work as one transaction and resolves with its result when that is committed. */
export type Write = <T>(work: () => T) => Promise<T>;

/**
 * For a process that writes beside the one that owns the database: short transactions that take the
 * write lock at once. The owner itself writes by its commit queue, `queue.run`.
 */
export function writeAlone(db: Database): Write {
  return async (work) => db.transaction(work).immediate();
}
