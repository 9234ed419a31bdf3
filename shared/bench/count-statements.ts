/**
 * Preloaded into a service, this counts its SQL: with `BENCH_COUNT=orders` only the commits that
 * contain an order, which costs nothing worth naming; with `BENCH_COUNT=all` every execution of a
 * statement. It reaches into the process's workers, too. The counts lie in the file in
 * `BENCH_COUNT_FILE`, which is mapped into memory, so that nothing is written for them and they can
 * be read at any time; see statement-counts.ts.
 */
import { Database, type Statement } from "bun:sqlite";
import { SLOTS } from "./statement-counts.ts";

const EXECUTIONS = ["run", "get", "all", "values", "raw", "iterate"] as const;
const ORDER = /^\s*INSERT\s+INTO\s+orders\b/i;
const COMMIT = /^\s*(COMMIT|END)\b/i;

const all = process.env.BENCH_COUNT === "all";
const counts = new Float64Array(Bun.mmap(process.env.BENCH_COUNT_FILE ?? "").buffer);
let hasOrders = false;

if (Bun.isMainThread) {
  const PlainWorker = globalThis.Worker;
  globalThis.Worker = class extends PlainWorker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, { ...options, preload: [import.meta.path] });
    }
  } as typeof Worker;
}

/** A service's threads are few and none writes the same slot at once but by a rare coincidence. */
function add(slot: number): void {
  counts[slot] = (counts[slot] ?? 0) + 1;
}

function noteExecution(sql: string): void {
  if (all) add(Bun.isMainThread ? SLOTS.mainStatements : SLOTS.workerStatements);
  if (ORDER.test(sql)) hasOrders = true;
  if (hasOrders && COMMIT.test(sql)) {
    hasOrders = false;
    add(SLOTS.orderCommits);
  }
}

const watched = new WeakSet<Statement>();

function watch(statement: Statement, sql: string): Statement {
  if (watched.has(statement) || !(all || ORDER.test(sql) || COMMIT.test(sql))) return statement;
  watched.add(statement);
  for (const name of EXECUTIONS) {
    const execute = statement[name] as ((...values: unknown[]) => unknown) | undefined;
    if (typeof execute !== "function") continue;
    Object.defineProperty(statement, name, {
      configurable: true,
      writable: true,
      value: (...values: unknown[]) => {
        noteExecution(sql);
        return execute.apply(statement, values);
      },
    });
  }
  return statement;
}

type Prepare = (this: Database, sql: string, ...rest: unknown[]) => Statement;

for (const name of ["prepare", "query"] as const) {
  const prepare = Database.prototype[name] as Prepare;
  Object.defineProperty(Database.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Database, sql: string, ...rest: unknown[]) {
      return watch(prepare.call(this, sql, ...rest), sql);
    },
  });
}

for (const name of ["run", "exec"] as const) {
  const run = Database.prototype[name] as (
    this: Database,
    sql: string,
    ...rest: unknown[]
  ) => unknown;
  Object.defineProperty(Database.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Database, sql: string, ...rest: unknown[]) {
      noteExecution(sql);
      return run.call(this, sql, ...rest);
    },
  });
}
