import type { Database } from "bun:sqlite";
import { EVENTS, TOPICS } from "@order-outbox/contracts";
import { decodeEvent, peekIdentity } from "@order-outbox/events";
import { type ConsumedBatch, type ConsumedRecord, describeUnreadable } from "@order-outbox/kafka";
import {
  fetchEnds,
  type OnRead,
  type OpenPartition,
  readRecords,
} from "@order-outbox/topic-reader";
import type { Kafka } from "kafkajs";

/**
 * Reads what is new in the services' topics, up to their ends as they are now, into `records`.
 *
 * @returns the id of the cluster, and what could not be read
 */
export async function readTopics(
  db: Database,
  kafka: Kafka,
  onRead: OnRead,
): Promise<{ clusterId: string; unreadable: string[] }> {
  const { clusterId, topics } = await fetchEnds(kafka, Object.values(TOPICS));
  notePartitions(db, topics);
  const batches = await readRecords(kafka, openPartitions(db), prepareStore(db), onRead);
  noteBeginnings(db);
  const unreadable = batches.map(
    (batch) => `${batch.topic}/${batch.partition} at ${batch.offset}: ${describeUnreadable(batch)}`,
  );
  return { clusterId, unreadable };
}

function notePartitions(
  db: Database,
  topics: Awaited<ReturnType<typeof fetchEnds>>["topics"],
): void {
  const upsert = db.prepare<unknown, [string, number, number, number, number]>(
    `INSERT INTO partitions (topic, partition, low, high, nextOffset) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET low = excluded.low, high = excluded.high,
       nextOffset = max(nextOffset, excluded.low)`,
  );
  for (const [topic, ends] of topics) {
    for (const { partition, low, high } of ends) upsert.run(topic, partition, low, high, low);
  }
}

function openPartitions(db: Database): OpenPartition[] {
  return db
    .query<OpenPartition, []>(
      "SELECT topic, partition, low, high, nextOffset FROM partitions WHERE nextOffset < high",
    )
    .all();
}

/** Stores a batch; a record that is read again, after a rebalance, changes nothing. */
function prepareStore(db: Database): (batch: ConsumedBatch) => void {
  const insert = db.prepare(
    `INSERT INTO records
       (topic, partition, "offset", eventId, type, key, source, sequence, timestamp)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const move = db.prepare<unknown, [number, string, number]>(
    "UPDATE partitions SET nextOffset = max(nextOffset, ?) WHERE topic = ? AND partition = ?",
  );
  return db.transaction(({ topic, partition, records, nextOffset }: ConsumedBatch) => {
    for (const record of records) {
      const { eventId, type, key, source, sequence } = readContent(record, topic);
      const place = [topic, partition, record.offset] as const;
      insert.run(...place, eventId, type, key, source, sequence, record.timestamp);
    }
    move.run(nextOffset, topic, partition);
  });
}

/** What the rules judge of a record. */
interface Content {
  eventId: string | null;
  type: string | null;
  key: string | null;
  source: string | null;
  sequence: number | null;
}

/**
 * Of a record that consumers take for no event of ours (malformed, of another topic or source, of an
 * unknown type) nothing is judged; where it is held, that is told.
 */
function readContent(record: ConsumedRecord, topic: string): Content {
  if (record.excess !== undefined) return NOTHING;
  try {
    const decoded = decodeEvent(EVENTS, record);
    if (decoded.kind === "event" && EVENTS.isFromOrigin(decoded.event, topic)) {
      const { id: eventId, type, subject: key, source, sequence = null } = decoded.event;
      return { eventId, type, key, source, sequence };
    }
  } catch {
    // It is none.
  }
  return { ...NOTHING, eventId: peekIdentity(record).id ?? null };
}

const NOTHING: Content = { eventId: null, type: null, key: null, source: null, sequence: null };

/** Where retention has removed the beginning of a partition, notes what the rest begins with. */
function noteBeginnings(db: Database): void {
  db.run(`
    UPDATE partitions SET (firstSequence, firstAt) = (
      SELECT sequence, strftime('%Y-%m-%dT%H:%M:%fZ', timestamp / 1000.0, 'unixepoch')
      FROM records AS r
      WHERE r.topic = partitions.topic AND r.partition = partitions.partition
        AND r."offset" >= partitions.low AND r.type IS NOT NULL
      ORDER BY r."offset" LIMIT 1)
    WHERE low > 0`);
}
