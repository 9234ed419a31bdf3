import {
  brokerError,
  createKafkaClient,
  type KafkaClient,
  type KafkaSecurity,
} from "@order-outbox/kafka";
import type { Admin, Kafka } from "kafkajs";

/** The offsets between which a partition has records: `low` is the first, `high` the next one. */
export interface PartitionEnds {
  partition: number;
  low: number;
  high: number;
}

/** A cluster and the ends of those of the asked topics that exist. */
export interface TopicEnds {
  clusterId: string;
  topics: ReadonlyMap<string, readonly PartitionEnds[]>;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A client that gives up soon: somebody is waiting at a terminal. */
export function connectClient(
  brokers: readonly string[],
  security: KafkaSecurity = {},
): KafkaClient {
  return createKafkaClient({
    brokers: [...brokers],
    security,
    clientId: "order-outbox-cli",
    requestTimeoutMs: 5_000,
    log: SILENT,
  });
}

/** The same without the face of `shared/kafka`. */
export const connectKafka = (brokers: readonly string[], security?: KafkaSecurity): Kafka =>
  connectClient(brokers, security).kafkajs;

/** Runs `work` with a connected admin client. */
export async function withAdmin<Result>(
  kafka: Kafka,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw brokerError(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** Where the topics begin and end now. Rejects when no broker answers. */
export function fetchEnds(kafka: Kafka, topics: readonly string[]): Promise<TopicEnds> {
  return withAdmin(kafka, async (admin) => {
    const [{ clusterId }, existing] = await Promise.all([
      admin.describeCluster(),
      admin.listTopics(),
    ]);
    const ends = await Promise.all(
      topics
        .filter((topic) => existing.includes(topic))
        .map(async (topic) => [topic, toEnds(await admin.fetchTopicOffsets(topic))] as const),
    );
    return { clusterId, topics: new Map(ends) };
  });
}

/** For a command that goes on without a broker: says on standard error which one, and why. */
export const tellUnreachable =
  (brokers: readonly string[]) =>
  (error: unknown): undefined => {
    const { code, message } = brokerError(error);
    const where = brokers.join(",");
    console.error(
      code === "BROKER_UNAVAILABLE"
        ? `outbox: no broker answers at ${where}`
        : `outbox: the broker at ${where}: ${message}`,
    );
  };

function toEnds(offsets: Awaited<ReturnType<Admin["fetchTopicOffsets"]>>): PartitionEnds[] {
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}
