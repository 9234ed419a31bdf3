import {
  type Database,
  type UnitWritersOptions,
  type Writer,
  writerOf,
} from "@order-outbox/sqlite";
import { DONE, type Outcome, takeEach } from "@order-outbox/units";
import { tellCrashPoint } from "../crash-points.ts";
import { changeHeld, finishRecord, holdEvent, recordApplied, releaseHeld } from "../effects.ts";
import { keptHeaders, MAX_KEY_BYTES, textHeaders } from "../held-headers.ts";
import type { OffsetTracker } from "../offset-tracker.ts";

/**
 * Who writes what a consuming service decides, in the order in which it is written: its `own` tables
 * and its outbox first, then what the inbox remembers, and lastly the offsets.
 */
export function inboxWriters(db: Database, own: readonly Writer[]): Required<UnitWritersOptions> {
  return {
    writers: [...own, ...heldWriters(db), appliedWriter(db)],
    lastly: [offsetWriter(db)],
  };
}

/** An event that a consumer has applied, with the record it came in. */
type Applied = Parameters<typeof recordApplied>[0];

/** Prepares the row that remembers an event, inside a transaction; false: it is known already. */
export function prepareRemember(db: Database): (applied: Applied) => boolean {
  const insert = db.prepare<
    unknown,
    [string, string, string, string, string, number, number, string]
  >(
    `INSERT INTO inbox (eventId, source, consumer, eventType, topic, partition, "offset", processedAt)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (eventId, source, consumer) DO NOTHING`,
  );
  return ({ consumer, event, record, at }) => {
    const { id, source, type } = event;
    const { topic, partition, offset } = record;
    return insert.run(id, source, consumer, type, topic, partition, offset, at).changes > 0;
  };
}

function appliedWriter(db: Database): Writer {
  const remember = prepareRemember(db);
  return writerOf(recordApplied, (values) =>
    takeEach(values, (applied): Outcome<undefined> => {
      if (!remember(applied)) return { status: "refused", found: undefined };
      tellCrashPoint("inside", applied.event);
      return DONE;
    }),
  );
}

function heldWriters(db: Database): Writer[] {
  const insert = db.prepare(
    `INSERT INTO held_events
       (consumer, state, clusterId, topic, partition, "offset", eventId, eventSource, eventType,
        eventKey, headers, key, value, errorCode, lastError, attempts, heldAt, nextAttemptAt)
     VALUES ($consumer, $state, $clusterId, $topic, $partition, $offset, $eventId, $eventSource,
        $eventType, $eventKey, $headers, $key, $value, $errorCode, $lastError, $attempts, $heldAt,
        $nextAttemptAt)
     ON CONFLICT (consumer, clusterId, topic, partition, "offset") DO NOTHING`,
  );
  const change = db.prepare<
    unknown,
    [string, string, string, number, string | null, boolean, number]
  >(
    `UPDATE held_events SET state = ?, errorCode = ?, lastError = ?, attempts = ?,
       nextAttemptAt = ?, eventKey = iif(?, NULL, eventKey) WHERE id = ?`,
  );
  const release = db.prepare<unknown, [number]>("DELETE FROM held_events WHERE id = ?");
  return [
    writerOf(releaseHeld, (values) => {
      for (const { id } of values) release.run(id);
      return undefined;
    }),
    writerOf(changeHeld, (values) => {
      for (const { id, holding, alone } of values) {
        const { state, errorCode, lastError, attempts, nextAttemptAt } = holding;
        change.run(state, errorCode, lastError, attempts, nextAttemptAt, alone, id);
      }
      return undefined;
    }),
    writerOf(holdEvent, (values) => {
      for (const { consumer, clusterId, record, held, at: heldAt } of values) {
        const { topic, partition, offset, value } = record;
        const headers = JSON.stringify(keptHeaders(textHeaders(record.headers)));
        const key = record.key?.subarray(0, MAX_KEY_BYTES) ?? null;
        const place = { consumer, clusterId, topic, partition, offset };
        insert.run({ ...place, ...held, headers, key, value, heldAt });
      }
      return undefined;
    }),
  ];
}

/** One write for each partition, whatever it was that finished in it. */
function offsetWriter(db: Database): Writer {
  const advance = db.prepare<unknown, [string, string, string, number, number, string]>(
    `INSERT INTO consumer_offsets (consumer, clusterId, topic, partition, nextOffset, updatedAt)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (consumer, clusterId, topic, partition) DO UPDATE
       SET nextOffset = excluded.nextOffset, updatedAt = excluded.updatedAt
       WHERE excluded.nextOffset > nextOffset`,
  );
  return writerOf(finishRecord, (values) => {
    const finishing = new Map<OffsetTracker, { offsets: Set<number>; last: (typeof values)[0] }>();
    for (const value of values) {
      const known = finishing.get(value.tracker) ?? { offsets: new Set(), last: value };
      if (value.offset !== undefined) known.offsets.add(value.offset);
      finishing.set(value.tracker, { ...known, last: value });
    }
    for (const [tracker, { offsets, last }] of finishing) {
      const { consumer, clusterId, topic, partition, at } = last;
      advance.run(consumer, clusterId, topic, partition, tracker.watermark(offsets), at);
    }
    return undefined;
  });
}
