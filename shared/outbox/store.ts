import type { Clock } from "@order-outbox/errors";
import type { Database } from "@order-outbox/sqlite";

/** A pending row, as the relay reads it. */
export interface PendingRow {
  id: number;
  eventId: string;
  eventType: string;
  orderId: string;
  topic: string;
  partitionKey: string;
  keyHash: number;
  payload: string;
  createdAt: string;
  traceparent: string | null;
}

/** A partition whose rows wait. */
export interface HeldPartition {
  topic: string;
  partition: number;
}

/** What the relay reads and writes of the outbox table. */
export interface OutboxStore {
  /**
   * Pending rows in id order: of these topics (with their partition counts), not of a held
   * partition, not behind a parked row of their key, and none of `except`, which are on their way.
   * Read row by row, for as long as the caller asks for more.
   */
  readPending(
    topics: ReadonlyMap<string, number>,
    held: readonly HeldPartition[],
    limit: number,
    except?: readonly number[],
  ): Iterable<PendingRow>;
  /**
   * Marks rows published, all or none. False, and none, when `fencing` is given and the lease has
   * changed hands since.
   */
  markPublished(ids: readonly number[], at: string, fencing?: number): boolean;
  /** Charges a refusal to one row, and parks it when `parkedAt` is given. */
  chargeRefusal(id: number, error: string, parkedAt: string | null): void;
  /** How often the broker has refused this row. */
  attemptsOf(id: number): number;
}

/** What health checks and operators want to know of an outbox. */
export interface OutboxFacts {
  /** ISO time of the oldest pending row that is not behind a parked one of its key; null: none. */
  oldestPendingAt: string | null;
  parked: number;
}

/** Of a `row` of the outbox. */
const NOT_BEHIND_PARKED = `NOT EXISTS (
  SELECT 1 FROM outbox AS parked
  WHERE parked.parkedAt IS NOT NULL AND parked.discardedAt IS NULL AND parked.topic = row.topic
    AND parked.partitionKey = row.partitionKey AND parked.id < row.id)`;

const COLUMNS =
  "id, eventId, eventType, orderId, topic, partitionKey, keyHash, payload, createdAt, traceparent";

/** Prepares the statements of the relay on its own connection. */
export function createOutboxStore(db: Database): OutboxStore {
  const readers = new Map<string, ReturnType<typeof prepareReader>>();
  const mark = db.prepare<unknown, [string, string, number, number]>(
    `UPDATE outbox SET isPublished = 1, publishedAt = ?
     WHERE id IN (SELECT value FROM json_each(?))
       AND (? = 0 OR EXISTS (SELECT 1 FROM relay_lease WHERE fencing = ?))`,
  );
  const charge = db.prepare<unknown, [string, string | null, number]>(
    "UPDATE outbox SET attempts = attempts + 1, lastError = ?, parkedAt = ? WHERE id = ?",
  );
  const attempts = db.prepare<{ attempts: number }, [number]>(
    "SELECT attempts FROM outbox WHERE id = ?",
  );

  return {
    readPending(topics, held, limit, except = []) {
      if (topics.size === 0) return [];
      const heldClause = held
        .map(({ topic, partition }) => {
          const count = topics.get(topic) ?? 1;
          return `AND NOT (topic = ${quote(topic)} AND keyHash % ${count} = ${partition})`;
        })
        .toSorted()
        .join(" ");
      const clause = `AND topic IN (${[...topics.keys()].map(quote).join(", ")}) ${heldClause}`;
      let reader = readers.get(clause);
      if (reader === undefined) {
        // Held partitions come and go; their statements are not worth keeping for long.
        if (readers.size >= 8) readers.clear();
        reader = prepareReader(db, clause);
        readers.set(clause, reader);
      }
      return reader.iterate(JSON.stringify(except), limit);
    },
    markPublished(ids, at, fencing = 0) {
      if (ids.length === 0) return true;
      return mark.run(at, JSON.stringify(ids), fencing, fencing).changes > 0;
    },
    chargeRefusal(id, error, parkedAt) {
      charge.run(error, parkedAt, id);
    },
    attemptsOf: (id) => attempts.get(id)?.attempts ?? 0,
  };
}

/** Prepares a cheap look at the outbox, for any connection. */
export function prepareOutboxFacts(db: Database): () => OutboxFacts {
  const oldest = db.prepare<{ createdAt: string }, []>(
    `SELECT createdAt FROM outbox AS row
     WHERE isPublished = 0 AND parkedAt IS NULL AND ${NOT_BEHIND_PARKED} ORDER BY id LIMIT 1`,
  );
  const parked = db.prepare<{ parked: number }, []>(
    "SELECT count(*) AS parked FROM outbox WHERE parkedAt IS NOT NULL AND discardedAt IS NULL",
  );
  return () => ({
    oldestPendingAt: oldest.get()?.createdAt ?? null,
    parked: parked.get()?.parked ?? 0,
  });
}

/**
 * Prepares a watch over the oldest pending row that may be sent, for any connection: how long it has
 * been the same one, in milliseconds; 0 when there is none. What waits behind a parked row of its key
 * waits for an operator. Call it every few seconds.
 */
export function watchOldestPending(db: Database, monotonic: Clock): () => number {
  const oldest = db.prepare<{ id: number }, []>(
    `SELECT id FROM outbox AS row
     WHERE isPublished = 0 AND parkedAt IS NULL AND ${NOT_BEHIND_PARKED} ORDER BY id LIMIT 1`,
  );
  let seen: { id: number; since: number } | undefined;
  return () => {
    const id = oldest.get()?.id;
    if (id === undefined) seen = undefined;
    else if (seen?.id !== id) seen = { id, since: monotonic() };
    return seen === undefined ? 0 : monotonic() - seen.since;
  };
}

/** How far pending rows are counted: more of them would keep the thread too long. */
const PENDING_COUNT_LIMIT = 100_000;

/** Prepares a count of the pending rows up to 100,000, for any connection. */
export function preparePendingCount(db: Database): () => number {
  const count = db.prepare<{ pending: number }, []>(
    `SELECT count(*) AS pending FROM
       (SELECT 1 FROM outbox WHERE isPublished = 0 AND parkedAt IS NULL
        LIMIT ${PENDING_COUNT_LIMIT})`,
  );
  return () => count.get()?.pending ?? 0;
}

function prepareReader(db: Database, clause: string) {
  return db.prepare<PendingRow, [string, number]>(
    `SELECT ${COLUMNS} FROM outbox AS row
     WHERE isPublished = 0 AND parkedAt IS NULL AND id NOT IN (SELECT value FROM json_each(?))
       ${clause} AND ${NOT_BEHIND_PARKED}
     ORDER BY id LIMIT ?`,
  );
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
