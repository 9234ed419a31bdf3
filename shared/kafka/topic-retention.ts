import {
  type Admin,
  ConfigResourceTypes,
  KafkaJSProtocolError,
  KafkaJSServerDoesNotSupportApiKey,
} from "kafkajs";
import { rootCause } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";
import { withAdmin } from "./topics.ts";

/** How long a topic keeps a record, in milliseconds; `Infinity` when it is for ever. */
export interface TopicRetention {
  /** After which a segment of the log may be deleted, counted from its youngest record. */
  retentionMs: number;
  /** How much older the oldest record of that segment may be; 0 when the broker does not tell. */
  segmentMs: number;
}

/**
 * The retention of those topics of which the broker tells it; others are missing.
 *
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export function topicRetention(
  client: KafkaClient,
  topics: readonly string[],
): Promise<Map<string, TopicRetention>> {
  return withAdmin(client, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const found = new Map<string, TopicRetention>();
    for (const topic of topics.filter((name) => existing.has(name))) {
      const retention = toRetention(await describe(admin, topic));
      if (retention !== undefined) found.set(topic, retention);
    }
    return found;
  });
}

type Configs = ReadonlyMap<string, string | null>;

/** What the configs of a topic come to; undefined when they do not tell. */
export function toRetention(configs: Configs): TopicRetention | undefined {
  const segmentMs = milliseconds(configs.get("segment.ms")) ?? 0;
  const policy = configs.get("cleanup.policy");
  if (policy && !policy.includes("delete")) {
    return { retentionMs: Number.POSITIVE_INFINITY, segmentMs };
  }
  const retentionMs = milliseconds(configs.get("retention.ms"));
  return retentionMs === undefined ? undefined : { retentionMs, segmentMs };
}

function milliseconds(value: string | null | undefined): number | undefined {
  if (!value || !/^-?\d+$/.test(value)) return undefined;
  return Number(value) < 0 ? Number.POSITIVE_INFINITY : Number(value);
}

async function describe(admin: Admin, topic: string): Promise<Configs> {
  try {
    const configNames = ["retention.ms", "segment.ms", "cleanup.policy"];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }],
    });
    const entries = resources.flatMap(({ configEntries }) => configEntries);
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  } catch (error) {
    if (isRefusal(rootCause(error))) return new Map();
    throw error;
  }
}

/** Whether the broker answered that it does not tell: to this client, or to anybody. */
const isRefusal = (error: unknown): boolean =>
  error instanceof KafkaJSServerDoesNotSupportApiKey ||
  (error instanceof KafkaJSProtocolError && !error.retriable);
