import {
  type ConsumedBatch,
  onUnreadableBatch,
  toConsumedBatch,
  type UnreadableBatch,
} from "@order-outbox/kafka";
import type { Kafka } from "kafkajs";
import { withAdmin } from "./broker.ts";

/** Without a record for this long, reading is given up. */
const IDLE_MS = 15_000;

/** Called with how many of the records have been read. */
export type OnRead = (done: number, total: number) => void;

/** A partition with records to read, from `nextOffset` to before `high`. */
export interface OpenPartition {
  topic: string;
  partition: number;
  low: number;
  high: number;
  nextOffset: number;
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * Reads partitions up to their ends as they are given, by a consumer group that is gone afterwards.
 * A record may be read again after a rebalance, and one beyond the end may come along.
 *
 * @returns the batches that cannot be read, which are passed over
 */
export async function readRecords(
  kafka: Kafka,
  partitions: readonly OpenPartition[],
  onBatch: (batch: ConsumedBatch) => void,
  onRead: OnRead,
): Promise<UnreadableBatch[]> {
  if (partitions.length === 0) return [];
  const open = new Map(partitions.map((one) => [nameOf(one.topic, one.partition), one]));
  const total = partitions.reduce((sum, { high, nextOffset }) => sum + high - nextOffset, 0);
  const begun = partitions.filter(({ low, nextOffset }) => nextOffset > low);
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
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
  let done = 0;
  const unreadable: UnreadableBatch[] = [];

  function notePosition(topic: string, partition: number, nextOffset: number): void {
    clearTimeout(idle);
    idle = setTimeout(giveUp, IDLE_MS);
    const name = nameOf(topic, partition);
    if (nextOffset >= (open.get(name)?.high ?? 0)) open.delete(name);
    onRead(Math.min(done, total), total);
    if (open.size === 0) complete.resolve();
  }

  onUnreadableBatch(consumer, (batch) => {
    const { topic, partition, nextOffset } = batch;
    unreadable.push(batch);
    consumer.seek({ topic, partition, offset: String(nextOffset) });
    consumer.resume([{ topic, partitions: [partition] }]);
    notePosition(topic, partition, nextOffset);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) complete.reject(payload.error);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      async eachBatch({ batch }) {
        const consumed = toConsumedBatch(batch);
        done += consumed.records.length;
        onBatch(consumed);
        notePosition(batch.topic, batch.partition, consumed.nextOffset);
      },
    });
    for (const { topic, partition, nextOffset } of begun) {
      consumer.seek({ topic, partition, offset: String(nextOffset) });
    }
    await complete.promise;
    return unreadable;
  } finally {
    clearTimeout(idle);
    await consumer.disconnect().catch(() => {});
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {});
  }
}
