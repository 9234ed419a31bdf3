import type { Database } from "@order-outbox/sqlite";
import type { OutboxStore, PendingRow } from "../store.ts";
import { attempt } from "./attempt.ts";

/** Of a `row` of the outbox. */
const NOT_BEHIND_PARKED = `NOT EXISTS (
  SELECT 1 FROM outbox AS parked
  WHERE parked.parkedAt IS NOT NULL AND parked.discardedAt IS NULL AND parked.topic = row.topic
    AND parked.partitionKey = row.partitionKey AND parked.id < row.id)`;

/** The rest of a query for the oldest row that may be sent. */
export const OLDEST = `FROM outbox AS row
  WHERE isPublished = 0 AND parkedAt IS NULL AND ${NOT_BEHIND_PARKED} ORDER BY id LIMIT 1`;

const COLUMNS =
  "id, eventId, eventType, orderId AS subject, topic, partitionKey, keyHash, payload, createdAt, traceparent";

/** The outbox of a service's database, on the relay's own connection. */
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
  const oldest = db.prepare<{ id: number }, []>(`SELECT id ${OLDEST}`);
  const record = db.prepare<unknown, [string, number, string]>(
    `INSERT INTO published_topics (topic, partitions, recordedAt) VALUES (?, ?, ?)
     ON CONFLICT (topic) DO NOTHING`,
  );
  const recorded = db.prepare<{ topic: string; partitions: number }, []>(
    "SELECT topic, partitions FROM published_topics",
  );

  const partitionCounts = () =>
    new Map(recorded.all().map(({ topic, partitions }) => [topic, partitions]));
  const recordAll = db.transaction((found: ReadonlyMap<string, number>, at: string) => {
    for (const [topic, partitions] of found) record.run(topic, partitions, at);
  });

  /** Statements are kept: the held partitions are part of their text, and come and go. */
  function readerOf(clause: string): ReturnType<typeof prepareReader> {
    let reader = readers.get(clause);
    if (reader === undefined) {
      if (readers.size >= 8) readers.clear();
      reader = prepareReader(db, clause);
      readers.set(clause, reader);
    }
    return reader;
  }

  return {
    async readPending(topics, held, limits, except = []) {
      if (topics.size === 0) return [];
      const heldClause = held
        .map(({ topic, partition }) => {
          const count = topics.get(topic) ?? 1;
          return `AND NOT (topic = ${quote(topic)} AND keyHash % ${count} = ${partition})`;
        })
        .toSorted()
        .join(" ");
      const clause = `AND topic IN (${[...topics.keys()].map(quote).join(", ")}) ${heldClause}`;
      return attempt("cannot read the outbox", () =>
        takeUpTo(limits.bytes, readerOf(clause).iterate(JSON.stringify(except), limits.rows)),
      );
    },
    async markPublished(ids, at, fencing = 0) {
      if (ids.length === 0) return true;
      const { changes } = await attempt("cannot write", () =>
        mark.run(at, JSON.stringify(ids), fencing, fencing),
      );
      return changes > 0;
    },
    async chargeRefusal(id, error, parkedAt) {
      await attempt("cannot write", () => charge.run(error, parkedAt, id));
    },
    attemptsOf: (id) => attempt("cannot read the outbox", () => attempts.get(id)?.attempts ?? 0),
    oldestPending: () => attempt("cannot read the outbox", () => oldest.get()?.id),
    recordPartitions: (found, at) =>
      attempt("cannot write", () => {
        const known = partitionCounts();
        // Whoever connects again has nothing new, and needs no write.
        if ([...found.keys()].every((topic) => known.has(topic))) return known;
        recordAll.immediate(found, at);
        return partitionCounts();
      }),
  };
}

/** Reads no row more than it gives. */
function takeUpTo(characters: number, pending: Iterable<PendingRow>): PendingRow[] {
  const rows: PendingRow[] = [];
  let size = 0;
  for (const row of pending) {
    rows.push(row);
    if (size > characters) break;
    size += row.payload.length;
  }
  return rows;
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
