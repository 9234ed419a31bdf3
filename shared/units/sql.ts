import { defineEffect } from "./effect.ts";

/** What a statement may bind. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** One statement, for those who do not want to write a writer for their table. */
export interface SqlStatement {
  /** In the dialect of the store. */
  statement: string;
  parameters?: readonly SqlValue[];
  /** How many rows it has to change; another number refuses, with that number. Left out: any. */
  rows?: number;
  /** The conflict keys; without any it may be written beside every other unit. */
  keys?: readonly string[];
}

/**
 * Runs one statement as an effect. It is written after the service's own tables and before its
 * outbox, one statement after the other.
 */
export const sql = defineEffect<SqlStatement, number>("sql", { keysOf: ({ keys }) => keys ?? [] });
