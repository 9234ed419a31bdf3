import { AppError } from "@order-outbox/errors";
import { type Admin, type GroupDescription, KafkaJSProtocolError } from "kafkajs";
import { brokerError, rootCause } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";

const LOOKS_FOR_NEW_TOPICS = 10;
const LOOKS_FOR_LEADERS = 50;
const LOOK_INTERVAL_MS = 50;

/**
 * Creates the topics that are missing, with these partition counts; existing ones are left as they
 * are. Where the cluster does not allow it, or this client is told not to, missing topics stay
 * missing and the counts say so.
 *
 * @returns the partition counts of those topics that exist
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function ensureTopics(
  client: KafkaClient,
  topics: Readonly<Record<string, number>>,
): Promise<Map<string, number>> {
  if (!client.mayCreateTopics) return partitionCounts(client, Object.keys(topics));
  return withAdmin(client, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = Object.keys(topics).filter((topic) => !existing.has(topic));
    if (missing.length === 0) return countPartitions(admin, Object.keys(topics));
    const failure = await createTopics(admin, missing, topics);
    const counts = await countWhenKnown(admin, Object.keys(topics));
    const absent = missing.filter((topic) => !counts.has(topic));
    if (absent.length > 0) {
      client.log.warn(
        { topics: absent, cause: failure?.message },
        "topics are missing and could not be created; create them, or allow this client to",
      );
    }
    return counts;
  });
}

/**
 * Like {@link ensureTopics}, for whom all of them have to be there.
 *
 * @throws AppError TOPIC_MISSING, which names them and the command that creates them
 */
export async function requireTopics(
  client: KafkaClient,
  topics: Readonly<Record<string, number>>,
): Promise<Map<string, number>> {
  const counts = await ensureTopics(client, topics);
  const missing = Object.keys(topics).filter((topic) => !counts.has(topic));
  if (missing.length === 0) return counts;
  throw new AppError(
    "TOPIC_MISSING",
    `topics do not exist: ${missing.join(", ")}; "bun run outbox topics" creates them`,
    { details: { topics: missing } },
  );
}

/** @returns what went wrong; the topics may have been created nevertheless */
async function createTopics(
  admin: Admin,
  missing: readonly string[],
  partitions: Readonly<Record<string, number>>,
): Promise<AppError | undefined> {
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((topic) => ({ topic, numPartitions: partitions[topic] as number })),
    });
    await waitForLeaders(admin, missing);
    return undefined;
  } catch (error) {
    return brokerError(error);
  }
}

/** kafkajs itself would look for the first time after 100 ms. */
async function waitForLeaders(admin: Admin, topics: readonly string[]): Promise<void> {
  for (let look = 1; ; look += 1) {
    try {
      await admin.fetchTopicMetadata({ topics: [...topics] });
      return;
    } catch (error) {
      const isAnswer = rootCause(error) instanceof KafkaJSProtocolError;
      if (!isAnswer || look === LOOKS_FOR_LEADERS) throw error;
    }
    await Bun.sleep(LOOK_INTERVAL_MS);
  }
}

/** A cluster takes a moment until every broker knows a topic that was created. */
async function countWhenKnown(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, number>> {
  for (let look = 1; ; look += 1) {
    const counts = await countPartitions(admin, topics);
    if (counts.size === topics.length || look === LOOKS_FOR_NEW_TOPICS) return counts;
    await Bun.sleep(LOOK_INTERVAL_MS);
  }
}

/**
 * The partition counts of those topics that exist.
 *
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function partitionCounts(
  client: KafkaClient,
  topics: readonly string[],
): Promise<Map<string, number>> {
  return withAdmin(client, (admin) => countPartitions(admin, topics));
}

/**
 * The first offset that a partition still has, and the one that comes next, with the id of the
 * cluster that says so.
 *
 * @throws AppError TOPIC_MISSING when there is no such partition, BROKER_UNAVAILABLE
 */
export async function fetchPartitionEnds(
  client: KafkaClient,
  topic: string,
  partition: number,
): Promise<{ clusterId: string; low: number; high: number }> {
  return withAdmin(client, async (admin) => {
    const { clusterId } = await admin.describeCluster();
    const ends = (await admin.listTopics()).includes(topic)
      ? await admin.fetchTopicOffsets(topic)
      : [];
    const found = ends.find((end) => end.partition === partition);
    if (found === undefined) {
      throw new AppError("TOPIC_MISSING", `there is no partition ${topic}/${partition}`);
    }
    return { clusterId, low: Number(found.low), high: Number(found.high) };
  });
}

async function countPartitions(
  admin: Admin,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const existing = new Set(await admin.listTopics());
  const known = topics.filter((topic) => existing.has(topic));
  if (known.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics: known });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}

/**
 * The members of a group, and in which state it is.
 *
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function describeGroup(
  client: KafkaClient,
  groupId: string,
): Promise<GroupDescription | undefined> {
  return withAdmin(client, async (admin) => {
    // kafkajs looks for the coordinator among the brokers that it knows, and rests when it knows none.
    await admin.describeCluster();
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0];
  });
}

/** Runs `work` with a connected admin client and disconnects it, whatever happens. */
export async function withAdmin<T>(
  client: KafkaClient,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = client.kafkajs.admin({ retry: { retries: 1, initialRetryTime: 100 } });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw error instanceof AppError ? error : brokerError(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
