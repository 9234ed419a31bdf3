import type { Database, Statement } from "bun:sqlite";
import { AppError, isAppError } from "@order-outbox/errors";
import { tellStep } from "./steps.ts";
import { commitError, isStorageFull, storageError } from "./storage-error.ts";

/** A piece of work that waits for its transaction, and the two ends of its promise. */
export interface Unit {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** What became of a batch. `units` counts those that were committed. */
export type BatchOutcome =
  | { kind: "committed"; units: number }
  | { kind: "not-begun"; error: AppError }
  | { kind: "rolled-back"; error: AppError };

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

type UnitOutcome =
  | { failed: false; value: unknown }
  | { failed: true; error: unknown }
  | { failed: "batch"; error: AppError };

export function prepareControl(db: Database): Control {
  // A savepoint keeps the pages that its unit changes; by default many of them go through a file.
  db.run("PRAGMA temp_store = MEMORY");
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

/** Runs `units` in one transaction and settles each of them after its end; never throws. */
export function commitBatch(db: Database, control: Control, units: readonly Unit[]): BatchOutcome {
  try {
    control.begin.run();
  } catch (cause) {
    const error = storageError(cause, "cannot begin a transaction");
    for (const unit of units) unit.reject(error);
    return { kind: "not-begun", error };
  }

  const outcomes: UnitOutcome[] = [];
  for (const unit of units) {
    const outcome = runUnit(control, unit);
    // The transaction is gone: going on would commit each further statement by itself.
    if (outcome.failed === "batch") return rollBack(db, control, units, outcomes, outcome.error);
    outcomes.push(outcome);
  }

  tellStep("before-commit", units.length);
  try {
    control.commit.run();
  } catch (cause) {
    return rollBack(db, control, units, outcomes, commitError(cause));
  }

  tellStep("after-commit", units.length);

  let committed = 0;
  for (const [i, unit] of units.entries()) {
    const outcome = outcomes[i];
    if (outcome?.failed === false) {
      committed++;
      unit.resolve(outcome.value);
    } else unit.reject(outcome?.error);
  }
  return { kind: "committed", units: committed };
}

function runUnit(control: Control, unit: Unit): UnitOutcome {
  try {
    control.savepoint.run();
    const value = unit.work();
    if (isThenable(value)) {
      // Its rejection is nobody's to handle: the unit is refused as a whole.
      Promise.resolve(value).then(ignore, ignore);
      throw new AppError("WORK_NOT_SYNCHRONOUS", "a unit of work returned a promise");
    }
    // Fails when the transaction ended inside `work`, even if `work` swallowed the reason.
    control.release.run();
    return { failed: false, value };
  } catch (thrown) {
    return undo(control, thrown);
  }
}

function undo(control: Control, thrown: unknown): UnitOutcome {
  try {
    control.rollbackTo.run();
    control.release.run();
  } catch {
    // The savepoint is gone, as after a full disk, or cannot be undone alone: so must all be.
    return { failed: "batch", error: storageError(thrown, "the transaction was rolled back") };
  }
  const full = isStorageFull(thrown) && !isAppError(thrown, "STORAGE_FULL");
  return { failed: true, error: full ? storageError(thrown, "no room for the work") : thrown };
}

function rollBack(
  db: Database,
  control: Control,
  units: readonly Unit[],
  outcomes: readonly UnitOutcome[],
  error: AppError,
): BatchOutcome {
  try {
    if (db.inTransaction) control.rollback.run();
  } catch {
    // The next BEGIN fails on what is left, and says so.
  }
  for (const [i, unit] of units.entries()) {
    const outcome = outcomes[i];
    unit.reject(outcome?.failed === true ? outcome.error : error);
  }
  return { kind: "rolled-back", error };
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
