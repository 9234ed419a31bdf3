export { crc32c } from "@order-outbox/crc32c";
export { brokerError } from "./broker-errors.ts";
export { createKafkaClient, type KafkaClient, type KafkaSettings } from "./client.ts";
export { brokerSeenBy, type Consumer, createConsumer } from "./consumer.ts";
export type {
  ConsumerIntervals,
  ConsumerOptions,
  ConsumerStatus,
  MemberPresence,
} from "./consumer-options.ts";
export type { Log } from "./log.ts";
export type { PartitionEnds } from "./partition-ends.ts";
export { keyHash, partitionOf } from "./partitioner.ts";
export {
  connectPublisher,
  type PartitionBatch,
  type PartitionOutcome,
  type Publisher,
} from "./publisher.ts";
export { type OutboundRecord, RecordBatch } from "./record-batch.ts";
export { type ConsumedBatch, type ConsumedRecord, toConsumedBatch } from "./records.ts";
export type { KafkaSecurity, SaslSettings, TlsSettings } from "./security.ts";
export type { StoppedPartition } from "./stopped-partitions.ts";
export { type TopicRetention, topicRetention } from "./topic-retention.ts";
export { ensureTopics, fetchPartitionEnds, partitionCounts, requireTopics } from "./topics.ts";
export {
  createTopics,
  describeTopics,
  type TopicSpec,
  type TopicState,
  topicDifferences,
} from "./topics-setup.ts";
export { describeUnreadable, onUnreadableBatch, type UnreadableBatch } from "./unreadable-batch.ts";
