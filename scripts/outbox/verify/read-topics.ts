import type { Database } from "bun:sqlite";
import { TOPICS } from "@order-outbox/contracts";
import type { EachBatchPayload, IHeaders, Kafka } from "kafkajs";
import { fetchEnds, withAdmin } from "../broker.ts";

/** Without a record for this long, reading is given up. */
const IDLE_MS = 15_000;

/** Called with how many of the records have been read. */
export type OnRead = (done: number, total: number) => void;

/**
 * Reads what is new in the services' topics, up to their ends as they are now, into `records`.
 *
 * @returns the id of the cluster
 */
export async function readTopics(db: Database, kafka: Kafka, onRead: OnRead): Promise<string> {
  const { clusterId, topics } = await fetchEnds(kafka, Object.values(TOPICS));
  notePartitions(db, topics);
  const open = openPartitions(db);
  if (open.size > 0) await consume(db, kafka, open, onRead);
  noteBeginnings(db);
  return clusterId;
}

interface OpenPartition {
  topic: string;
  partition: number;
  low: number;
  high: number;
  nextOffset: number;
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

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

function openPartitions(db: Database): Map<string, OpenPartition> {
  const open = db
    .query<OpenPartition, []>(
      "SELECT topic, partition, low, high, nextOffset FROM partitions WHERE nextOffset < high",
    )
    .all();
  return new Map(open.map((one) => [nameOf(one.topic, one.partition), one]));
}

async function consume(
  db: Database,
  kafka: Kafka,
  open: Map<string, OpenPartition>,
  onRead: OnRead,
): Promise<void> {
  const total = [...open.values()].reduce(
    (sum, { high, nextOffset }) => sum + high - nextOffset,
    0,
  );
  const begun = [...open.values()].filter(({ low, nextOffset }) => nextOffset > low);
  const topics = [...new Set([...open.values()].map(({ topic }) => topic))];
  const groupId = `order-outbox-verify-${Bun.randomUUIDv7()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { retries: 5, initialRetryTime: 100 },
  });
  const complete = Promise.withResolvers<void>();
  complete.promise.catch(() => {});
  const giveUp = () => complete.reject(new Error("the broker stopped sending records"));
  let idle = setTimeout(giveUp, IDLE_MS);
  const store = prepareStore(db);
  let done = 0;

  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) complete.reject(payload.error);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      async eachBatch({ batch }) {
        clearTimeout(idle);
        idle = setTimeout(giveUp, IDLE_MS);
        done += batch.messages.length;
        store(batch);
        const name = nameOf(batch.topic, batch.partition);
        if (Number(batch.lastOffset()) + 1 >= (open.get(name)?.high ?? 0)) open.delete(name);
        onRead(Math.min(done, total), total);
        if (open.size === 0) complete.resolve();
      },
    });
    for (const { topic, partition, nextOffset } of begun) {
      consumer.seek({ topic, partition, offset: String(nextOffset) });
    }
    await complete.promise;
  } finally {
    clearTimeout(idle);
    await consumer.disconnect().catch(() => {});
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {});
  }
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
