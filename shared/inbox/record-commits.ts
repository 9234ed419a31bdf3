import { isoTime } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { Effect, UnitResult, Units } from "@order-outbox/units";
import { finishRecord } from "./effects.ts";
import type { OffsetTracker } from "./offset-tracker.ts";

/** Where a record comes from, and how far its partition is done. */
export interface RecordPlace {
  clusterId: string;
  record: ConsumedRecord;
  tracker: OffsetTracker;
}

/** Commits the work on records, each together with the offset of its partition. */
export interface RecordCommits {
  /**
   * Commits effects as one unit, which also says that the record is finished; see {@link Units}. One
   * that is refused leaves the record open.
   */
  commit(place: RecordPlace, effects: readonly Effect[], traceparent?: string): Promise<UnitResult>;
}

export interface RecordCommitsOptions {
  units: Units;
  consumer: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Called after a commit with where its partition continues now. */
  onMoved?(topic: string, partition: number, nextOffset: number): void;
}

export function createRecordCommits(options: RecordCommitsOptions): RecordCommits {
  const { units, consumer, now, onMoved } = options;
  /** What moved in this turn of the event loop: it is told once for each partition. */
  const moved = new Map<OffsetTracker, RecordPlace>();

  function tellMoved(): void {
    for (const [tracker, { record }] of moved) {
      onMoved?.(record.topic, record.partition, tracker.watermark());
    }
    moved.clear();
  }

  return {
    async commit(place, effects, traceparent) {
      const { clusterId, record, tracker } = place;
      const { topic, partition, offset } = record;
      const at = isoTime(now());
      const finished = finishRecord({
        consumer,
        clusterId,
        topic,
        partition,
        offset,
        tracker,
        at,
      });
      const result = await units.commit({ effects: [...effects, finished] }, traceparent);
      if (result.committed) {
        tracker.settle(offset);
        if (moved.size === 0) queueMicrotask(tellMoved);
        moved.set(tracker, place);
      }
      return result;
    },
  };
}
