import { AppError } from "@order-outbox/errors";
import { KafkaError } from "../wire/error-codes.ts";
import type { Store } from "./store.ts";

/** Registers how to take back a change of memory if the transaction does not get through. */
export type OnRollback = (undo: () => void) => void;

/** Puts the writes of one event-loop turn into one transaction. */
export interface CommitQueue {
  /**
   * Runs `work` in the turn's transaction and settles once that is committed. A {@link KafkaError}
   * rejects this one alone, so `work` must not have written before it throws one; anything else
   * rolls the whole turn back, and each of its units is rejected with KAFKA_STORAGE_ERROR.
   */
  run<T>(work: (onRollback: OnRollback) => T): Promise<T>;
  /** Settles when everything that was asked for until now is written or refused. */
  settled(): Promise<void>;
}

interface Unit {
  run(onRollback: OnRollback): void;
  settle(): void;
  reject(error: unknown): void;
}

/** A queue in front of `store`; `onFailure` hears of every transaction that failed. */
export function createCommitQueue(
  store: Pick<Store, "transaction">,
  onFailure: (error: unknown) => void,
): CommitQueue {
  let waiting: Unit[] = [];
  let idle = Promise.withResolvers<void>();
  idle.resolve();
  let scheduled = false;

  function flush(): void {
    const units = waiting;
    waiting = [];
    const undos: (() => void)[] = [];
    try {
      store.transaction(() => {
        for (const unit of units) unit.run((undo) => undos.push(undo));
      });
      for (const unit of units) unit.settle();
    } catch (error) {
      for (const undo of undos.reverse()) undo();
      onFailure(error);
      const refusal = new KafkaError("KAFKA_STORAGE_ERROR", "The store could not be written.");
      for (const unit of units) unit.reject(refusal);
    }
    if (waiting.length > 0) {
      setImmediate(flush);
      return;
    }
    scheduled = false;
    idle.resolve();
  }

  function enqueue(unit: Unit): void {
    waiting.push(unit);
    if (scheduled) return;
    scheduled = true;
    idle = Promise.withResolvers<void>();
    setImmediate(flush);
  }

  return {
    run<T>(work: (onRollback: OnRollback) => T): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      let settle = () => reject(new AppError("INTERNAL", "a unit of work did not run"));
      enqueue({
        run(onRollback) {
          try {
            const value = work(onRollback);
            settle = () => resolve(value);
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error;
            settle = () => reject(error);
          }
        },
        settle: () => settle(),
        reject,
      });
      return promise;
    },
    settled: () => idle.promise,
  };
}
