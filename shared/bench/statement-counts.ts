import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";

/** Where each count lies, in doubles. */
export const SLOTS = { orderCommits: 0, mainStatements: 1, workerStatements: 2 } as const;

/** What has been counted so far. */
export type StatementCounts = Record<keyof typeof SLOTS, number>;

/** Counts the SQL of a service. */
export interface StatementCounter {
  /** To be added to the service's environment. */
  readonly env: Record<string, string>;
  read(): StatementCounts;
}

/** A page, because it is mapped into memory. */
const FILE_BYTES = 4_096;

/**
 * A counter with its counts in `file`.
 *
 * @param what `orders`: only the commits with an order in them; `all`: every statement, too
 */
export function statementCounter(file: string, what: "orders" | "all"): StatementCounter {
  writeFileSync(file, new Uint8Array(FILE_BYTES));
  return {
    env: {
      BUN_OPTIONS: `--preload=${join(REPOSITORY, "shared/bench/count-statements.ts")}`,
      BENCH_COUNT: what,
      BENCH_COUNT_FILE: file,
    },
    read() {
      const doubles = new Float64Array(new Uint8Array(readFileSync(file)).buffer);
      const at = (slot: number) => doubles[slot] ?? 0;
      return {
        orderCommits: at(SLOTS.orderCommits),
        mainStatements: at(SLOTS.mainStatements),
        workerStatements: at(SLOTS.workerStatements),
      };
    },
  };
}
