import { AppError } from "@order-outbox/errors";
import type { Admin } from "kafkajs";
import { brokerError } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";

/**
 * Creates the topics that are missing, with these partition counts; existing ones are left as they
 * are. Where the cluster does not allow it, missing topics stay missing and the counts say so.
 *
 * @returns the partition counts of those topics that exist
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function ensureTopics(
  client: KafkaClient,
  topics: Readonly<Record<string, number>>,
): Promise<Map<string, number>> {
  return withAdmin(client, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = Object.keys(topics).filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      await admin
        .createTopics({
          waitForLeaders: true,
          topics: missing.map((topic) => ({ topic, numPartitions: topics[topic] as number })),
        })
        .catch((error: unknown) => {
          client.log.warn(
            { topics: missing, cause: brokerError(error).message },
            "topics are missing and could not be created; create them, or allow this client to",
          );
        });
    }
    return countPartitions(admin, Object.keys(topics));
  });
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
