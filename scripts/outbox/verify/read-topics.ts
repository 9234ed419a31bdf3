import type { Database } from "bun:sqlite";
import { TOPICS } from "@order-outbox/contracts";
import type { EachBatchPayload, IHeaders, Kafka } from "kafkajs";
import { fetchEnds } from "../broker.ts";
import { type OnRead, type OpenPartition, readRecords } from "../read-records.ts";

/**
 * Reads what is new in the services' topics, up to their ends as they are now, into `records`.
 *
 * @returns the id of the cluster
 */
export async function readTopics(db: Database, kafka: Kafka, onRead: OnRead): Promise<string> {
  const { clusterId, topics } = await fetchEnds(kafka, Object.values(TOPICS));
  notePartitions(db, topics);
  await readRecords(kafka, openPartitions(db), prepareStore(db), onRead);
  noteBeginnings(db);
  return clusterId;
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
function prepareStore(db: Database): (batch: EachBatchPayload["batch"]) => void {
  const insert = db.prepare(
    `INSERT INTO records
       (topic, partition, "offset", eventId, type, key, source, sequence, timestamp)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const move = db.prepare<unknown, [number, string, number]>(
    "UPDATE partitions SET nextOffset = max(nextOffset, ?) WHERE topic = ? AND partition = ?",
  );
  return db.transaction((batch: EachBatchPayload["batch"]) => {
    const { topic, partition, messages } = batch;
    for (const { offset, key, headers = {}, timestamp } of messages) {
      insert.run(
        topic,
        partition,
        Number(offset),
        header(headers, "ce_id"),
        header(headers, "ce_type"),
        key?.toString() ?? null,
        header(headers, "ce_source"),
        sequenceOf(headers),
        Number(timestamp),
      );
    }
    move.run(Number(batch.lastOffset()) + 1, topic, partition);
  });
}

function header(headers: IHeaders, name: string): string | null {
  const value = headers[name];
  return value === undefined || Array.isArray(value) ? null : value.toString();
}

function sequenceOf(headers: IHeaders): number | null {
  const text = header(headers, "ce_sequence") ?? "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Where retention has removed the beginning of a partition, notes what the rest begins with. */
function noteBeginnings(db: Database): void {
  db.run(`
    UPDATE partitions SET (firstSequence, firstAt) = (
      SELECT sequence, strftime('%Y-%m-%dT%H:%M:%fZ', timestamp / 1000.0, 'unixepoch')
      FROM records AS r
      WHERE r.topic = partitions.topic AND r.partition = partitions.partition
        AND r."offset" >= partitions.low
      ORDER BY r."offset" LIMIT 1)
    WHERE low > 0`);
}
