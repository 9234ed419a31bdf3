import { SQLiteError } from "bun:sqlite";
import type { ErrorCode } from "@order-outbox/errors";
import { AppError } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import { type HeldState, prepareAudit } from "@order-outbox/operator";
import {
  type CommitQueue,
  type Database,
  holdPresence,
  prunableTable,
  type Snapshot,
  storageError,
} from "@order-outbox/sqlite";
import type { EventIdentity, HeldEvent, Holding, InboxStore, OperatorRequest } from "../store.ts";
import { prepareRemember } from "./inbox-writers.ts";
import { noticeWrites } from "./notice-writes.ts";
import { prunableInbox } from "./prunable-inbox.ts";

const HELD_STATES: readonly HeldState[] = ["RETRYING", "BEHIND", "WAITING", "PARKED"];

/**
 * The inbox of one consumer in a service's database.
 *
 * @param queue through which everything in this service writes to `db`
 * @param now milliseconds since the epoch, by the clock that file times are of
 */
export function createInboxStore(
  db: Database,
  queue: CommitQueue,
  consumer: string,
  now: () => number,
): InboxStore {
  const identity = db.prepare<{ databaseId: string }, []>(
    "SELECT databaseId FROM consumer_identity WHERE id = 1",
  );
  const offset = db.prepare<{ nextOffset: number }, [string, string, string, number]>(
    `SELECT nextOffset FROM consumer_offsets
     WHERE consumer = ? AND clusterId = ? AND topic = ? AND partition = ?`,
  );
  const clusters = db.prepare<{ clusterId: string }, [string]>(
    "SELECT DISTINCT clusterId FROM consumer_offsets WHERE consumer = ?",
  );
  const applied = db.prepare<{ found: number }, [string, string, string]>(
    "SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ? AND consumer = ?",
  );
  const remember = prepareRemember(db);
  const setOffset = db.prepare<unknown, [string, string, string, number, number, string]>(
    `INSERT INTO consumer_offsets (consumer, clusterId, topic, partition, nextOffset, updatedAt)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (consumer, clusterId, topic, partition) DO UPDATE
       SET nextOffset = excluded.nextOffset, updatedAt = excluded.updatedAt`,
  );
  const anyHeld = db.prepare<{ found: number }, []>("SELECT 1 AS found FROM held_events LIMIT 1");
  const heldStates = db.prepare<{ state: HeldState }, [string, string]>(
    "SELECT state FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id",
  );
  const heldOfKey = db.prepare<HeldRow, [string, string]>(
    "SELECT * FROM held_events WHERE eventKey = ? AND consumer = ? ORDER BY id",
  );
  const heldById = db.prepare<HeldRow, [number, string]>(
    "SELECT * FROM held_events WHERE id = ? AND consumer = ?",
  );
  const release = db.prepare<unknown, [number]>("DELETE FROM held_events WHERE id = ?");
  const dueKeys = db.prepare<{ eventKey: string }, [string, string, string, number]>(
    `SELECT eventKey FROM held_events
     WHERE state = 'RETRYING' AND consumer = ? AND (nextAttemptAt <= ? OR nextAttemptAt > ?)
     ORDER BY nextAttemptAt LIMIT ?`,
  );
  const nextDue = db.prepare<{ at: string | null }, [string]>(
    "SELECT min(nextAttemptAt) AS at FROM held_events WHERE state = 'RETRYING' AND consumer = ?",
  );
  const idleKeys = db.prepare<{ eventKey: string }, [string, string, number]>(
    `SELECT DISTINCT eventKey FROM held_events
     WHERE eventKey > ? AND consumer = ? AND state IN ('BEHIND', 'WAITING')
     ORDER BY eventKey LIMIT ?`,
  );
  const audit = prepareAudit(db);
  const countHeld = db.prepare<{ count: number }, [string, string]>(
    `SELECT count(*) AS count FROM
       (SELECT 1 FROM held_events WHERE state = ? AND consumer = ? LIMIT 10000)`,
  );
  const nextRequest = db.prepare<OperatorRequest, [string]>(
    `SELECT id, kind, target, reason FROM operator_requests
     WHERE finishedAt IS NULL AND coalesce(consumer, ?1) = ?1 ORDER BY id LIMIT 1`,
  );
  const finish = db.prepare<unknown, [string, string, number, string]>(
    `UPDATE operator_requests SET finishedAt = ?1, outcome = ?2
     WHERE id = ?3 AND finishedAt IS NULL AND coalesce(consumer, ?4) = ?4`,
  );

  /** The last snapshot that was found to hold nothing. */
  let empty: Snapshot | undefined;

  /** Whether anything is held at all is asked once for all reads of one snapshot. */
  function statesOf(eventKey: string, snapshot: Snapshot): HeldState[] {
    if (snapshot !== empty && anyHeld.get() === null) empty = snapshot;
    if (snapshot === empty) return [];
    return heldStates.all(eventKey, consumer).map(({ state }) => state);
  }

  /** @throws AppError of the database's own trouble */
  function readNow<T>(work: (snapshot: Snapshot) => T): T {
    try {
      return queue.read(work);
    } catch (error) {
      throw error instanceof SQLiteError ? storageError(error, "cannot read the inbox") : error;
    }
  }

  const read = async <T>(work: (snapshot: Snapshot) => T): Promise<T> => readNow(work);

  return {
    consumer,
    holdPresence: () => holdPresence(db.filename, "member"),
    databaseId: () => read(() => identity.get()?.databaseId ?? ""),
    nextOffset: (clusterId, topic, partition) =>
      offset.get(consumer, clusterId, topic, partition)?.nextOffset,
    isNewCluster: (clusterId) =>
      read(() => {
        const known = clusters.all(consumer).map((row) => row.clusterId);
        return known.length > 0 && !known.includes(clusterId);
      }),
    async setOffset(clusterId, topic, partition, next, at) {
      await queue.run(() => setOffset.run(consumer, clusterId, topic, partition, next, at));
    },
    lookUp: ({ id, source }, eventKey) =>
      readNow((snapshot) => ({
        applied: applied.get(id, source, consumer) !== null,
        held: statesOf(eventKey, snapshot),
      })),
    appliedEvents: prunableTable(queue, prunableInbox(db, consumer)),
    heldStates: (eventKey) => readNow((snapshot) => statesOf(eventKey, snapshot)),
    heldOfKey: (eventKey) => read(() => heldOfKey.all(eventKey, consumer).map(toHeldEvent)),
    heldById: (id) =>
      read(() => {
        const row = heldById.get(id, consumer);
        return row === null ? undefined : toHeldEvent(row);
      }),
    async discard({ id, record }, event, entry) {
      await queue.run(() => {
        if (event !== undefined) remember({ consumer, event, record, at: entry.at });
        release.run(id);
        audit(entry);
      });
    },
    async audit(entry) {
      await queue.run(() => audit(entry));
    },
    dueKeys: (at, furthest, limit) =>
      read(() => dueKeys.all(consumer, at, furthest, limit).map(({ eventKey }) => eventKey)),
    nextDueAt: () => read(() => nextDue.get(consumer)?.at ?? undefined),
    idleKeys: (after, limit) =>
      read(() => idleKeys.all(after, consumer, limit).map(({ eventKey }) => eventKey)),
    mayHaveRequests: noticeWrites(db.filename, now),
    nextRequest: () => read(() => nextRequest.get(consumer) ?? undefined),
    async finishRequest(id, outcome, at) {
      const { changes } = await queue.run(() =>
        finish.run(at, JSON.stringify(outcome), id, consumer),
      );
      if (changes === 0) throw new AppError("NOT_FOUND", `There is no open request ${id}.`);
    },
    facts: () => ({
      held: Object.fromEntries(
        HELD_STATES.map((state) => [state, countHeld.get(state, consumer)?.count ?? 0]).filter(
          ([, count]) => count !== 0,
        ),
      ),
    }),
  };
}

interface HeldRow extends EventIdentity, Holding {
  id: number;
  consumer: string;
  clusterId: string;
  topic: string;
  partition: number;
  offset: number;
  headers: string;
  key: Uint8Array | null;
  value: Uint8Array | null;
  heldAt: string;
}

function toHeldEvent(row: HeldRow): HeldEvent {
  const { consumer: _, topic, partition, offset, headers, key, value, heldAt, ...held } = row;
  const bytes = (data: Uint8Array | null) => (data === null ? null : Buffer.from(data));
  return {
    ...held,
    record: {
      topic,
      partition,
      offset,
      key: bytes(key),
      value: bytes(value),
      headers: JSON.parse(headers) as ConsumedRecord["headers"],
      timestamp: Date.parse(heldAt),
      ...(row.errorCode === TOO_LARGE ? { excess: row.lastError } : {}),
    },
  };
}

/** Of such a record only the first bytes are kept. */
const TOO_LARGE = "EVENT_TOO_LARGE" satisfies ErrorCode;
