import type { Database } from "bun:sqlite";
import { AppError } from "@order-outbox/errors";
import type { UnitOfWork, UnitResult, Units } from "@order-outbox/units";
import { commitBatch, prepareControl, type Unit } from "./commit-batch.ts";
import { fileTrouble } from "./open-files.ts";
import { storageError } from "./storage-error.ts";
import { createUnitWriters, type UnitWritersOptions } from "./unit-writers.ts";

/** Limits of a commit queue, and who hears of its commits. */
export interface CommitQueueOptions extends Partial<UnitWritersOptions> {
  /** How many units may wait; 10,000 when left out. One more is refused with `OVERLOADED`. */
  limit?: number | undefined;
  /** How many units share one commit at most, before the event loop gets a turn; 500 when left out. */
  maxBatch?: number;
  /**
   * Milliseconds that another connection's lock is waited for, all in all, when left out 2,000; from
   * then on whatever comes is refused at once, until the lock is free.
   */
  busyMs?: number;
  /**
   * Called after each COMMIT with the number of units in it and the time from BEGIN to its end, in
   * milliseconds. What it throws is dropped.
   */
  onCommit?: (units: number, durationMs: number) => void;
}

/** Between two attempts to get a lock, for everything else that the thread has to do. */
const LOCK_REST_MS = 50;

/** Stands for the state of a database that some reads share; a key for what is derived from it. */
export type Snapshot = object;

/** Puts units of work of one connection into shared transactions. */
export interface CommitQueue extends Units {
  /**
   * Runs `work` in a transaction and resolves with its result once that is committed. A resolved
   * promise is on the disk; a rejected one left nothing behind, except for a COMMIT that failed with
   * `STORAGE_FAILED`: a crash before the next commit can bring that one about.
   *
   * `work` is synchronous, may use savepoints but must not end the transaction, and must not go on
   * writing after an error that it caught from SQLite. It runs again, the first run being rolled
   * back, when another unit of its transaction fails. What it throws is what the promise rejects
   * with, except for a full disk. Otherwise the promise rejects with `STORAGE_FULL`,
   * `STORAGE_FAILED`, `OVERLOADED`, `SHUTTING_DOWN` or `WORK_NOT_SYNCHRONOUS`, or, before anything
   * was begun, with `STORAGE_BUSY` (another connection has had the lock for `busyMs`),
   * `STORAGE_LOST` or `STORAGE_READONLY`.
   *
   * `traceparent`, the W3C trace context of what `work` is part of, is for who wraps the queue.
   */
  run<T>(work: () => T, traceparent?: string): Promise<T>;
  /**
   * Runs `work`, which only reads, at once, and gives its result. The reads of one turn of the event
   * loop share one read transaction, which spares each the locks of its own; they see every commit
   * of this queue, and those of other connections as of the first of them.
   *
   * `work` gets an object that stands for what it sees: reads that get the same one see the same.
   */
  read<T>(work: (snapshot: Snapshot) => T): T;
  /** How many units wait for their transaction. */
  readonly size: number;
  /** Why no transaction can be begun now, as far as can be told without writing. */
  trouble(): AppError | undefined;
  /** Refuses new units and resolves when the waiting ones are settled. Leaves the database open. */
  close(): Promise<void>;
}

/**
 * Creates the commit queue of `db`, which must be the only writer on that connection.
 *
 * Units that arrive in one turn of the event loop share one `BEGIN IMMEDIATE … COMMIT`, and so one
 * sync of the disk. One that fails takes back nothing but its own writes.
 */
export function createCommitQueue(db: Database, options: CommitQueueOptions = {}): CommitQueue {
  const { limit = 10_000, maxBatch = 500, busyMs = 2_000, onCommit } = options;
  const writers = createUnitWriters({ writers: [], ...options });
  const control = prepareControl(db);
  const closed = Promise.withResolvers<void>();
  let waiting: Unit[] = [];
  let scheduled = false;
  let closing = false;
  /** What the last attempt to begin a transaction failed with. */
  let failure: AppError | undefined;
  /** When such attempts began to fail, by `performance.now()`. */
  let failingSince = 0;
  /** Of the read transaction that is open. */
  let snapshot: Snapshot | undefined;

  function beginReading(): void {
    if (snapshot !== undefined || closing || db.inTransaction) return;
    control.beginRead.run();
    snapshot = {};
    setImmediate(endReading);
  }

  function endReading(): void {
    if (snapshot === undefined) return;
    snapshot = undefined;
    try {
      if (db.inTransaction) control.commit.run();
    } catch {
      // The database was closed, which ends its transactions.
    }
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    endReading();
    const batch = takeBatch();
    const startedAt = performance.now();
    const outcome = commitBatch(db, control, batch, writers);
    if (outcome.kind === "not-begun") {
      putOff(batch, outcome.error);
      return;
    }
    failure = undefined;
    if (outcome.kind === "committed" && outcome.units > 0) {
      notify(outcome.units, performance.now() - startedAt);
    }
    goOn();
  }

  function goOn(): void {
    scheduled = false;
    if (waiting.length > 0) schedule();
    else if (closing) finish();
  }

  /** A lock is waited for, with turns of the event loop in between; else, or for too long, all is refused. */
  function putOff(batch: readonly Unit[], error: AppError): void {
    if (failure === undefined) failingSince = performance.now();
    failure = error;
    waiting.unshift(...batch);
    if (error.code === "STORAGE_BUSY" && performance.now() - failingSince < busyMs) {
      setTimeout(flush, LOCK_REST_MS);
      return;
    }
    for (const unit of takeAll()) unit.reject(error);
    if (error.code === "STORAGE_BUSY" && !closing) setTimeout(goOn, LOCK_REST_MS);
    else goOn();
  }

  /** Whether what failed would still fail: nobody may have tried since. */
  function probe(): AppError | undefined {
    // The last connection that closes takes the log with it.
    if (closing) return undefined;
    const lost = fileTrouble(db);
    if (lost !== undefined || failure === undefined) return lost;
    endReading();
    try {
      control.begin.run();
      control.rollback.run();
      failure = undefined;
    } catch (error) {
      failure = storageError(error, "cannot begin a transaction");
    }
    return failure;
  }

  function takeBatch(): Unit[] {
    return waiting.length <= maxBatch ? takeAll() : waiting.splice(0, maxBatch);
  }

  function takeAll(): Unit[] {
    const all = waiting;
    waiting = [];
    return all;
  }

  function notify(units: number, durationMs: number): void {
    try {
      onCommit?.(units, durationMs);
    } catch {
      // The units are committed whatever the listener makes of it.
    }
  }

  function finish(): void {
    endReading();
    control.finalize();
    closed.resolve();
  }

  function enqueue<T>(work: () => T, data?: UnitOfWork): Promise<T> {
    if (closing) return refuse("SHUTTING_DOWN", "the commit queue is closed");
    if (waiting.length >= limit) {
      return refuse("OVERLOADED", `${limit} units of work are waiting to be committed`);
    }
    return new Promise<T>((resolve, reject) => {
      // Only the result of this very `work` reaches this `resolve`.
      waiting.push({ work, data, resolve: resolve as (value: unknown) => void, reject });
      schedule();
    });
  }

  return {
    run: (work) => enqueue(work),
    commit(unit) {
      const unknown = writers.findUnknown(unit);
      if (unknown !== undefined) return Promise.reject(unknown);
      return enqueue<UnitResult>(() => writers.writeAlone(unit), unit);
    },
    read<T>(work: (snapshot: Snapshot) => T): T {
      beginReading();
      return work(snapshot ?? {});
    },
    get size() {
      return waiting.length;
    },
    trouble: probe,
    close() {
      if (!closing) {
        closing = true;
        if (!scheduled) finish();
      }
      return closed.promise;
    },
  };
}

function refuse(code: "OVERLOADED" | "SHUTTING_DOWN", message: string): Promise<never> {
  return Promise.reject(new AppError(code, message));
}
