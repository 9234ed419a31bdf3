import type { Database, Statement } from "bun:sqlite";
import { AppError, isAppError } from "@order-outbox/errors";
import type { UnitOfWork, UnitResult } from "@order-outbox/units";
import { tellCrashPoint } from "./crash-points.ts";
import { fileTrouble } from "./open-files.ts";
import { commitError, isStorageFull, storageError } from "./storage-error.ts";
import { Refused, type UnitWriters } from "./unit-writers.ts";

/** A piece of work that waits for its transaction, and the two ends of its promise. */
export interface Unit {
  work: () => unknown;
  /** What `work` writes, when it is data: then many are written at once. */
  data?: UnitOfWork | undefined;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * What became of a batch. `units` counts those that were committed; those of a batch that was not
 * begun are left as they were.
 */
export type BatchOutcome =
  | { kind: "committed"; units: number }
  | { kind: "not-begun"; error: AppError }
  | { kind: "rolled-back" };

/** The statements that steer a transaction, prepared once per connection. */
export interface Control {
  begin: Statement;
  beginRead: Statement;
  commit: Statement;
  rollback: Statement;
  savepoint: Statement;
  release: Statement;
  rollbackTo: Statement;
  finalize(): void;
}

const LOCK_WAIT_MS = 50;

/** How far a failure reaches: its unit alone, the units that share its savepoint, or the transaction. */
type UnitOutcome =
  | { failed: false; value: unknown }
  | { failed: "alone" | "together" | "batch"; error: unknown };

export function prepareControl(db: Database): Control {
  // A savepoint keeps the pages that its unit changes; by default many of them go through a file.
  db.run("PRAGMA temp_store = MEMORY");
  // The thread answers nobody while SQLite waits for a lock; the queue waits longer, in between.
  db.run(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
  const statements = {
    begin: db.prepare("BEGIN IMMEDIATE"),
    beginRead: db.prepare("BEGIN DEFERRED"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    savepoint: db.prepare("SAVEPOINT unit"),
    release: db.prepare("RELEASE unit"),
    rollbackTo: db.prepare("ROLLBACK TO unit"),
  };
  return {
    ...statements,
    finalize() {
      for (const statement of Object.values(statements)) statement.finalize();
    },
  };
}

/**
 * Runs `units` in one transaction and settles each of them after its end, unless that could not be
 * begun; never throws.
 *
 * At first they share the transaction without savepoints, which cost a fifth of what an order takes.
 * When one of several fails, all is rolled back and each runs again in a savepoint of its own.
 */
export function commitBatch(
  db: Database,
  control: Control,
  units: readonly Unit[],
  writers: UnitWriters,
): BatchOutcome {
  let outcomes: UnitOutcome[];
  try {
    const trouble = fileTrouble(db);
    if (trouble !== undefined) return { kind: "not-begun", error: trouble };
    control.begin.run();
    outcomes = runTogether(db, units, writers);
    if (units.length > 1 && outcomes.at(-1)?.failed === "together") {
      control.rollback.run();
      control.begin.run();
      outcomes = runEachAlone(control, units);
    }
  } catch (cause) {
    return { kind: "not-begun", error: storageError(cause, "cannot begin a transaction") };
  }
  const last = outcomes.at(-1);
  if (last?.failed === "together" || last?.failed === "batch") {
    return rollBack(db, control, units, outcomes, last.error);
  }
  try {
    writers.finish(
      units.flatMap(({ data }, i) =>
        data !== undefined && outcomes[i]?.failed === false ? [data] : [],
      ),
    );
  } catch (cause) {
    return rollBack(db, control, units, outcomes, storageError(cause, "cannot end the work"));
  }
  return commit(db, control, units, outcomes);
}

/** Runs units until one fails, which undoes them all; units of data that stand together at once. */
function runTogether(db: Database, units: readonly Unit[], writers: UnitWriters): UnitOutcome[] {
  const outcomes: UnitOutcome[] = [];
  for (let at = 0; at < units.length && !reachesFurther(outcomes.at(-1)); at = outcomes.length) {
    const data: UnitOfWork[] = [];
    for (let one = units[at]?.data; one !== undefined; one = units[at + data.length]?.data) {
      data.push(one);
    }
    const results = attempt(db, () =>
      data.length > 0 ? writers.writeTogether(data) : [runWork(units[at] as Unit)],
    );
    if ("failed" in results) outcomes.push(results);
    else outcomes.push(...results.values.map(toOutcome));
  }
  return outcomes;
}

/** Runs each unit in a savepoint of its own, until the transaction is gone. */
function runEachAlone(control: Control, units: readonly Unit[]): UnitOutcome[] {
  const outcomes: UnitOutcome[] = [];
  for (const unit of units) {
    const outcome = runAlone(control, unit);
    outcomes.push(outcome);
    if (reachesFurther(outcome)) break;
  }
  return outcomes;
}

const reachesFurther = (outcome: UnitOutcome | undefined): boolean =>
  outcome?.failed === "together" || outcome?.failed === "batch";

const toOutcome = (value: unknown): UnitOutcome =>
  value instanceof Refused ? { failed: "alone", error: value } : { failed: false, value };

function commit(
  db: Database,
  control: Control,
  units: readonly Unit[],
  outcomes: readonly UnitOutcome[],
): BatchOutcome {
  tellCrashPoint("before-commit", units.length);
  try {
    control.commit.run();
  } catch (cause) {
    return rollBack(db, control, units, outcomes, commitError(cause));
  }
  tellCrashPoint("after-commit", units.length);

  let committed = 0;
  for (const [i, unit] of units.entries()) {
    const outcome = outcomes[i];
    if (outcome?.failed === false) {
      committed++;
      unit.resolve(outcome.value);
    } else settleFailed(unit, outcome?.error);
  }
  return { kind: "committed", units: committed };
}

/** A refusal is an answer, and no error. */
function settleFailed({ data, resolve, reject }: Unit, error: unknown): void {
  if (data !== undefined && error instanceof Refused) {
    resolve({ committed: false, refusal: error.refusal } satisfies UnitResult);
  } else reject(error);
}

function attempt(
  db: Database,
  work: () => unknown[],
): { values: unknown[] } | Exclude<UnitOutcome, { failed: false }> {
  try {
    const values = work();
    // Going on would commit each further statement by itself, even if `work` swallowed the reason.
    if (!db.inTransaction) return transactionGone("a unit of work ended it");
    return { values };
  } catch (thrown) {
    if (!db.inTransaction) return transactionGone(thrown);
    return { failed: "together", error: unitError(thrown) };
  }
}

function runAlone(control: Control, unit: Unit): UnitOutcome {
  try {
    control.savepoint.run();
    const value = runWork(unit);
    // Fails when the transaction ended inside `work`, even if `work` swallowed the reason.
    control.release.run();
    return { failed: false, value };
  } catch (thrown) {
    return undo(control, thrown);
  }
}

function runWork(unit: Unit): unknown {
  const value = unit.work();
  if (isThenable(value)) {
    // Its rejection is nobody's to handle: the unit is refused as a whole.
    Promise.resolve(value).then(ignore, ignore);
    throw new AppError("WORK_NOT_SYNCHRONOUS", "a unit of work returned a promise");
  }
  return value;
}

function undo(control: Control, thrown: unknown): UnitOutcome {
  try {
    control.rollbackTo.run();
    control.release.run();
  } catch {
    // The savepoint is gone, as after a full disk, or cannot be undone alone: so must all be.
    return transactionGone(thrown);
  }
  return { failed: "alone", error: unitError(thrown) };
}

const transactionGone = (cause: unknown) => ({
  failed: "batch" as const,
  error: storageError(cause, "the transaction was rolled back"),
});

function unitError(thrown: unknown): unknown {
  const full = isStorageFull(thrown) && !isAppError(thrown, "STORAGE_FULL");
  return full ? storageError(thrown, "no room for the work") : thrown;
}

function rollBack(
  db: Database,
  control: Control,
  units: readonly Unit[],
  outcomes: readonly UnitOutcome[],
  error: unknown,
): BatchOutcome {
  try {
    if (db.inTransaction) control.rollback.run();
  } catch {
    // The next BEGIN fails on what is left, and says so.
  }
  for (const [i, unit] of units.entries()) {
    const outcome = outcomes[i];
    // A refusal is for what stood before it in this transaction, which is undone.
    const own = outcome?.failed === "alone" && !(outcome.error instanceof Refused);
    settleFailed(unit, own ? outcome.error : error);
  }
  return { kind: "rolled-back" };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function ignore(): void {}
