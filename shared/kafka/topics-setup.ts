import { AppError } from "@order-outbox/errors";
import { type Admin, ConfigResourceTypes, KafkaJSAggregateError } from "kafkajs";
import { rootCause } from "./broker-errors.ts";
import type { KafkaClient } from "./client.ts";
import { withAdmin } from "./topics.ts";

/** A topic as it is wanted. */
export interface TopicSpec {
  topic: string;
  partitions: number;
  /** Copies of every partition; the cluster's own default when it is left out. */
  replication?: number;
  /** Only these are set, and compared. */
  configs: Readonly<Record<string, string>>;
}

/** A topic as it is. */
export interface TopicState {
  partitions: number;
  replication: number;
  /** The asked ones; null when the broker does not tell. */
  configs: Readonly<Record<string, string | null>>;
}

/**
 * The topics of `specs` that exist, with the configs that are asked of them.
 *
 * @throws AppError what `brokerError` makes of a broker's refusal
 */
export function describeTopics(
  client: KafkaClient,
  specs: readonly TopicSpec[],
): Promise<Map<string, TopicState>> {
  return withAdmin(client, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const known = specs.filter(({ topic }) => existing.has(topic));
    if (known.length === 0) return new Map();
    const { topics } = await admin.fetchTopicMetadata({ topics: known.map(({ topic }) => topic) });
    const found = new Map<string, TopicState>();
    for (const { topic, configs } of known) {
      const partitions = topics.find(({ name }) => name === topic)?.partitions ?? [];
      found.set(topic, {
        partitions: partitions.length,
        replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        configs: await readConfigs(admin, topic, Object.keys(configs)),
      });
    }
    return found;
  });
}

async function readConfigs(
  admin: Admin,
  name: string,
  configNames: string[],
): Promise<TopicState["configs"]> {
  if (configNames.length === 0) return {};
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames }],
  });
  const entries = resources.flatMap(({ configEntries }) => configEntries);
  return Object.fromEntries(
    configNames.map((asked) => [
      asked,
      entries.find(({ configName }) => configName === asked)?.configValue ?? null,
    ]),
  );
}

/**
 * Creates topics; those that somebody else created meanwhile are left as they are. With `dryRun`
 * the broker only says whether it would.
 *
 * @throws AppError TOPIC_MISSING with what the broker has against each of them
 */
export function createTopics(
  client: KafkaClient,
  specs: readonly TopicSpec[],
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<void> {
  return withAdmin(client, async (admin) => {
    try {
      await admin.createTopics({
        validateOnly: dryRun,
        waitForLeaders: !dryRun,
        topics: specs.map(({ topic, partitions, replication, configs }) => ({
          topic,
          numPartitions: partitions,
          ...(replication === undefined ? {} : { replicationFactor: replication }),
          configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
        })),
      });
    } catch (error) {
      const refusals = refusalsIn(error);
      if (refusals === undefined) throw error;
      throw new AppError("TOPIC_MISSING", `the broker refuses: ${refusals}`, { cause: error });
    }
  });
}

/** What a broker has against topics, in a sentence; undefined when it is another error. */
function refusalsIn(error: unknown): string | undefined {
  const root = rootCause(error);
  if (!(root instanceof KafkaJSAggregateError)) return undefined;
  return root.errors
    .map((one) =>
      one instanceof Error && "topic" in one ? `${one.topic}: ${one.message}` : String(one),
    )
    .join("; ");
}

/**
 * Where a topic is not as it is wanted, in words. A count of partitions is not changed by anybody
 * but an operator, because another one moves keys.
 */
export function topicDifferences(spec: TopicSpec, state: TopicState): string[] {
  const differences: string[] = [];
  const compare = (what: string, wanted: number | string | undefined, is: unknown) => {
    if (wanted !== undefined && wanted !== is) differences.push(`${what} is ${is}, not ${wanted}`);
  };
  compare("the number of partitions", spec.partitions, state.partitions);
  compare("the replication factor", spec.replication, state.replication);
  for (const [name, value] of Object.entries(spec.configs)) {
    compare(name, value, state.configs[name] ?? null);
  }
  return differences;
}
