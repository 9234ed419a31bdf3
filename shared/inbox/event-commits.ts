import type { ConsumedRecord } from "@order-outbox/kafka";
import { type CommitQueue, isStorageTrouble } from "@order-outbox/sqlite";
import type { OffsetTracker } from "./offset-tracker.ts";
import type { InboxStore } from "./store.ts";

/** Where a record comes from, and how far its partition is done. */
export interface RecordPlace {
  clusterId: string;
  record: ConsumedRecord;
  tracker: OffsetTracker;
}

/** Commits the work on records: that of one turn of the event loop together. */
export interface EventCommits {
  /**
   * Runs `unit` in a transaction that also moves the offset of the record's partition, and resolves
   * with its result once that is committed. What `unit` throws is what the promise rejects with, and
   * nobody else's; it may run twice, the first run being rolled back.
   *
   * @param traceparent W3C trace context of the commit's cause
   */
  commit<T>(place: RecordPlace, unit: (at: string) => T, traceparent?: string): Promise<T>;
}

interface Entry {
  place: RecordPlace;
  unit: (at: string) => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export interface EventCommitsOptions {
  store: Pick<InboxStore, "advance">;
  queue: CommitQueue;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whether each record gets a unit of its own, as it must where its trace is recorded. */
  apart?: boolean;
  /** Called after a commit for every partition that it moved, with the offset to continue from. */
  onMoved?(topic: string, partition: number, nextOffset: number): void;
}

/**
 * Puts the work on many records into one unit of the queue, so that little is done for each, and
 * each partition's offset is written once. When one of them fails, all are rolled back and each gets
 * a unit of its own.
 */
export function createEventCommits(options: EventCommitsOptions): EventCommits {
  const { store, queue, now, apart = false, onMoved } = options;
  /** Those that wait for their unit to be run. */
  let waiting: Entry[] | undefined;

  /** The work inside a transaction. The offsets come last: they count what is finished in it. */
  function work(entries: readonly Entry[]): { values: unknown[]; moved: RecordPlace[] } {
    const at = new Date(now()).toISOString();
    const moved = new Map<OffsetTracker, RecordPlace>();
    try {
      const values = entries.map(({ place, unit }) => {
        const value = unit(at);
        place.tracker.finish(place.record.offset);
        moved.set(place.tracker, place);
        return value;
      });
      const places = [...moved.values()];
      for (const { clusterId, record, tracker } of places) {
        store.advance(clusterId, record.topic, record.partition, tracker.watermark(), at);
      }
      return { values, moved: places };
    } catch (error) {
      reopen(entries);
      throw error;
    }
  }

  /** No more is to be added to these. */
  function close(entries: readonly Entry[]): void {
    if (waiting === entries) waiting = undefined;
  }

  async function commitTogether(entries: Entry[], traceparent?: string): Promise<void> {
    try {
      const { values, moved } = await queue.run(() => {
        close(entries);
        return work(entries);
      }, traceparent);
      for (const { place } of entries) place.tracker.settle(place.record.offset);
      for (const { record, tracker } of moved) {
        onMoved?.(record.topic, record.partition, tracker.watermark());
      }
      for (const [i, { resolve }] of entries.entries()) resolve(values[i]);
    } catch (error) {
      close(entries);
      reopen(entries);
      if (entries.length > 1 && !isStorageTrouble(error)) {
        for (const entry of entries) void commitTogether([entry]);
      } else {
        for (const { reject } of entries) reject(error);
      }
    }
  }

  return {
    commit<T>(place: RecordPlace, unit: (at: string) => T, traceparent?: string): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        // Only the result of this very `unit` reaches this `resolve`.
        const entry: Entry = { place, unit, resolve: resolve as (value: unknown) => void, reject };
        if (apart) {
          void commitTogether([entry], traceparent);
          return;
        }
        if (waiting !== undefined) {
          waiting.push(entry);
          return;
        }
        waiting = [entry];
        void commitTogether(waiting);
      });
    },
  };
}

function reopen(entries: readonly Entry[]): void {
  for (const { place } of entries) place.tracker.reopen(place.record.offset);
}
