import { type Admin, type IHeaders, Kafka, logLevel } from "kafkajs";
import { uniqueName } from "./unique-name.ts";
import { waitFor } from "./wait-for.ts";

/** A record as it lies in a topic. */
export interface TopicRecord {
  partition: number;
  offset: number;
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
  /** Unix time in milliseconds. */
  timestamp: number;
}

/**
 * Every record of a topic, by partition and offset, up to the ends of the partitions as they were
 * when this began. A topic that does not exist has none.
 */
export async function readTopic(kafkaHost: string, topic: string): Promise<TopicRecord[]> {
  const kafka = connect(kafkaHost);
  const ends = await withAdmin(kafka, (admin) => endsOf(admin, topic));
  const missing = new Set(ends.filter(({ low, high }) => high > low).map((end) => end.partition));
  if (missing.size === 0) return [];

  const groupId = uniqueName("read-topic");
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  // By place: a group that is rebalanced meanwhile starts again from the beginning.
  const records = new Map<string, TopicRecord>();
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const end = ends.find((one) => one.partition === partition);
        const offset = Number(message.offset);
        if (end === undefined || offset >= end.high) return;
        records.set(`${partition}:${offset}`, {
          partition,
          offset,
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: textHeaders(message.headers),
          timestamp: Number(message.timestamp),
        });
        if (offset === end.high - 1) missing.delete(partition);
        if (missing.size === 0) resolve();
      },
    });
    await complete;
  } finally {
    await consumer.disconnect();
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => {});
  }
  return [...records.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/**
 * Empties what programs share through a broker: deletes and creates topics, each with so many
 * partitions, and deletes groups as soon as they have no members any more.
 */
export async function resetTopics(
  kafkaHost: string,
  partitions: Readonly<Record<string, number>>,
  groupIds: readonly string[],
): Promise<void> {
  const topics = Object.keys(partitions);
  await withAdmin(connect(kafkaHost), async (admin) => {
    const existing = new Set(await admin.listTopics());
    const old = topics.filter((topic) => existing.has(topic));
    if (old.length > 0) await admin.deleteTopics({ topics: old });
    await waitFor(
      async () => {
        const left = await admin.listTopics();
        return !topics.some((topic) => left.includes(topic));
      },
      { what: "the old topics to be gone", intervalMs: 50 },
    );
    // Kafka may still be deleting what it no longer lists, and refuses the name until it is done.
    await waitFor(
      async () => {
        const present = await admin.listTopics();
        const missing = topics.filter((topic) => !present.includes(topic));
        if (missing.length === 0) return true;
        await admin.createTopics({
          waitForLeaders: true,
          topics: missing.map((topic) => ({ topic, numPartitions: partitions[topic] ?? 1 })),
        });
        return false;
      },
      { what: "the new topics to be created", intervalMs: 50 },
    );
    for (const topic of topics) await endsOf(admin, topic);
    await waitFor(
      async () => {
        const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
        const stale = groupIds.filter((group) => groups.includes(group));
        if (stale.length > 0) await admin.deleteGroups(stale);
        return true;
      },
      { what: "the groups to have no members", timeoutMs: 15_000, intervalMs: 200 },
    );
  });
}

function connect(kafkaHost: string): Kafka {
  return new Kafka({
    brokers: kafkaHost.split(","),
    clientId: "order-outbox-testing",
    logLevel: logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 50 },
  });
}

async function withAdmin<Result>(
  kafka: Kafka,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The first and the next offset of each partition; waits for leaders that are not yet elected. */
async function endsOf(admin: Admin, topic: string) {
  if (!(await admin.listTopics()).includes(topic)) return [];
  const offsets = await waitFor(() => admin.fetchTopicOffsets(topic), {
    what: `the leaders of ${topic}`,
    intervalMs: 50,
  });
  return offsets.map(({ partition, low, high }) => ({
    partition,
    low: Number(low),
    high: Number(high),
  }));
}

function textHeaders(headers: IHeaders = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, String(value ?? "")]),
  );
}
