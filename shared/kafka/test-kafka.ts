import { test } from "bun:test";
import { uniqueName, waitFor } from "@order-outbox/testing";
import { decodeIdentity } from "./member-identity.ts";
import {
  type ConsumedRecord,
  type Consumer,
  type ConsumerOptions,
  connectPublisher,
  createConsumer,
  createKafkaClient,
  ensureTopics,
  type KafkaClient,
  type KafkaSettings,
  type OutboundRecord,
  type PartitionBatch,
  RecordBatch,
} from "./mod.ts";
import { describeGroup, withAdmin } from "./topics.ts";

/** The tests run against the cluster at KAFKA_HOST when that is set. */
const outside = Boolean(process.env.KAFKA_HOST);

/** A test that ends, restarts or disturbs the broker: with an outside one it is skipped, and says so. */
export function embeddedTest(name: string, body: () => Promise<void>): void {
  if (outside) test.skip(`${name} (needs the embedded broker)`, body);
  else test.concurrent(name, body);
}

/** A line that was logged. */
export interface LogLine {
  level: "debug" | "info" | "warn" | "error";
  fields: Record<string, unknown>;
  message: string;
}

/** A client of its own for a test, with what it logs above the level of debugging. */
export function testClient(
  kafkaHost: string,
  settings: Partial<KafkaSettings> = {},
): KafkaClient & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message });
  };
  const log = { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") };
  const brokers = kafkaHost.split(",");
  return { ...createKafkaClient({ brokers, clientId: "test", log, ...settings }), lines };
}

/** Creates a topic that no other test uses. */
export async function createTopic(client: KafkaClient, partitions: number): Promise<string> {
  const topic = uniqueName("topic");
  await ensureTopics(client, { [topic]: partitions });
  return topic;
}

export const toRecord = (value: string): OutboundRecord => ({
  key: `key of ${value.slice(0, 20)}`,
  value,
  headers: {},
  timestamp: Date.now(),
});

export function encode(records: readonly OutboundRecord[]): RecordBatch {
  const batch = new RecordBatch();
  for (const record of records) batch.append(record);
  return batch;
}

export const toBatch = (topic: string, partition: number, values: string[]): PartitionBatch => ({
  topic,
  partition,
  batch: encode(values.map(toRecord)),
});

/** Writes values into one partition, in order. */
export async function publish(
  client: KafkaClient,
  topic: string,
  partition: number,
  values: string[],
): Promise<void> {
  const publisher = await connectPublisher(client);
  const outcomes = await publisher.send([toBatch(topic, partition, values)]);
  await publisher.close();
  const error = outcomes.find((outcome) => outcome.error)?.error;
  if (error !== undefined) throw error;
}

/** Makes everything below an offset unreadable, like retention does. */
export const deleteRecordsBelow = (
  client: KafkaClient,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> =>
  withAdmin(client, async (admin) => {
    // Without having asked for the topic before, kafkajs does not know who leads its partitions.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });

/** The members of a group, each with its database as far as the group tells. */
export async function groupMembers(client: KafkaClient, groupId: string) {
  const members = (await describeGroup(client, groupId))?.members ?? [];
  return members.map(({ memberId, memberMetadata }) => ({
    memberId,
    databaseId: decodeIdentity(memberMetadata)?.databaseId,
  }));
}

/** A consumer that keeps what it sees; disposal stops it. */
export interface TestConsumer extends Consumer, AsyncDisposable {
  readonly seen: ConsumedRecord[];
  /** The values of one partition, in the order of their arrival. */
  values(partition?: number): string[];
  /** Waits until it belongs to the group and has partitions. */
  joined(): Promise<void>;
}

/** Creates a consumer that starts at the beginning of `topic` and remembers how far it came. */
export function testConsumer(
  client: KafkaClient,
  topic: string,
  partitions: number,
  options: Partial<ConsumerOptions> = {},
): TestConsumer {
  const seen: ConsumedRecord[] = [];
  const offsets = new Map<number, number>();
  const consumer = createConsumer(client, {
    groupId: uniqueName("group"),
    topics: { [topic]: partitions },
    databaseId: "database",
    startOffset: (_cluster, _topic, partition) => offsets.get(partition),
    retryDelayMs: { outage: 50, occupied: 50 },
    intervals: { heartbeatsMs: 100, reportsMs: 100, fetchesMs: 50 },
    onBatch: async ({ partition, records, nextOffset }) => {
      seen.push(...records);
      offsets.set(partition, nextOffset);
    },
    ...options,
  });
  return {
    ...consumer,
    seen,
    values: (partition = 0) =>
      seen.filter((one) => one.partition === partition).map(({ value }) => String(value)),
    async joined() {
      await waitFor(() => consumer.status().assigned.length > 0, { what: "an assignment" });
    },
    [Symbol.asyncDispose]: () => consumer.stop(),
  };
}
