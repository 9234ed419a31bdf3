import type { EachBatchPayload } from "kafkajs";

/** A record as it was read from a topic. Offsets are safe integers. */
export interface ConsumedRecord {
  topic: string;
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
  /** Milliseconds since the epoch, as the record carries it. */
  timestamp: number;
}

/** Records of one partition in offset order. */
export interface ConsumedBatch {
  topic: string;
  partition: number;
  records: ConsumedRecord[];
  /** Where reading continues after this batch; beyond the last record where control records end it. */
  nextOffset: number;
  /** The partition's end when this batch was read. */
  highWatermark: number;
}

type KafkaJsBatch = EachBatchPayload["batch"];

export function toConsumedBatch(batch: KafkaJsBatch): ConsumedBatch {
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    records: batch.messages.map((message) => ({
      topic,
      partition,
      offset: Number(message.offset),
      key: message.key,
      value: message.value,
      headers: message.headers ?? {},
      timestamp: Number(message.timestamp),
    })),
    nextOffset: Number(batch.lastOffset()) + 1,
    highWatermark: Number(batch.highWatermark),
  };
}
