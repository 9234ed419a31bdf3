import { type Admin, Kafka, logLevel } from "kafkajs";

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

/** A client that gives up soon: somebody is waiting at a terminal. */
export function connectKafka(brokers: readonly string[]): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId: "order-outbox-cli",
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: { retries: 1, initialRetryTime: 100 },
    logLevel: logLevel.NOTHING,
  });
}

/** Runs `work` with a connected admin client. */
export async function withAdmin<Result>(
  kafka: Kafka,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
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

function toEnds(offsets: Awaited<ReturnType<Admin["fetchTopicOffsets"]>>): PartitionEnds[] {
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}
