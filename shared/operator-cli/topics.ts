import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { isAppError } from "@order-outbox/errors";
import {
  createTopics,
  describeTopics,
  type TopicSpec,
  type TopicState,
  topicDifferences,
} from "@order-outbox/kafka";
import { defineCommand, EXIT, parseWhole, printJson, UserError } from "@order-outbox/tool-kit";
import { connectClient } from "@order-outbox/topic-reader";

export const topics = defineCommand({
  name: "topics",
  summary: "create the services' topics where they may not, and compare those that exist",
  usage: `topics [--dry-run] [--partitions N] [--replication N] [--config NAME=VALUE,…]

Creates what is missing and compares the rest. Never changes a topic that exists: another number of
partitions would move keys. Run it with an account that may create topics, before the services start
with KAFKA_CREATE_TOPICS=false. Exit code 1 when a topic is not as it should be.
  --partitions N     of every topic (default ${DEFAULT_PARTITIONS})
  --replication N    copies of every partition (default: as the cluster decides)
  --config LIST      such as retention.ms=604800000,min.insync.replicas=2
  --dry-run          have the broker check it, and create nothing`,
  options: {
    partitions: { type: "string", default: String(DEFAULT_PARTITIONS) },
    replication: { type: "string" },
    config: { type: "string", default: "" },
    "dry-run": { type: "boolean", default: false },
  },
  async run(values, { json, ...context }) {
    const dryRun = values["dry-run"];
    const wanted = toSpecs(values);
    const client = connectClient(context.brokers, context.security);
    const before = await describeTopics(client, wanted).catch(explain);
    const missing = wanted.filter(({ topic }) => !before.has(topic));
    if (missing.length > 0) await createTopics(client, missing, { dryRun }).catch(explain);
    const after = await describeUntilKnown();
    const results = wanted.map((spec) => judge(spec, before, after, dryRun));

    if (json) printJson({ dryRun, topics: results });
    else for (const result of results) console.log(describeResult(result));
    return results.some(({ differences }) => differences.length > 0) ? EXIT.findings : EXIT.done;

    /** A cluster takes a moment until every broker knows a topic. */
    async function describeUntilKnown(): Promise<Map<string, TopicState>> {
      for (let look = 1; ; look += 1) {
        const found = await describeTopics(client, wanted).catch(explain);
        if (dryRun || found.size === wanted.length || look === 20) return found;
        await Bun.sleep(100);
      }
    }
  },
});

interface Result {
  topic: string;
  state: "created" | "would be created" | "exists";
  differences: string[];
}

function judge(
  spec: TopicSpec,
  before: ReadonlyMap<string, TopicState>,
  after: ReadonlyMap<string, TopicState>,
  dryRun: boolean,
): Result {
  const { topic } = spec;
  const found = after.get(topic);
  if (before.has(topic) || !dryRun) {
    const differences = found === undefined ? ["it is not there"] : topicDifferences(spec, found);
    return { topic, state: before.has(topic) ? "exists" : "created", differences };
  }
  return { topic, state: "would be created", differences: [] };
}

function toSpecs(values: {
  partitions: string;
  replication: string | undefined;
  config: string;
}): TopicSpec[] {
  const partitions = parseWhole("--partitions", values.partitions, 1);
  const replication =
    values.replication === undefined
      ? undefined
      : parseWhole("--replication", values.replication, 1);
  const configs = parseConfigs(values.config);
  return Object.values(TOPICS).map((topic) => ({
    topic,
    partitions,
    ...(replication === undefined ? {} : { replication }),
    configs,
  }));
}

/** `a=1,b=x,y` is a of 1 and b of x,y: a comma in a value is followed by no NAME=. */
function parseConfigs(list: string): Record<string, string> {
  if (list === "") return {};
  return Object.fromEntries(
    list.split(/,(?=[a-z][a-z0-9.]*=)/).map((entry) => {
      const [, name, value] = /^([a-z][a-z0-9.]*)=(.*)$/.exec(entry) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new UserError(`--config: "${entry}" is not of the form NAME=VALUE`);
    }),
  );
}

function explain(error: unknown): never {
  throw isAppError(error) ? new UserError(error.message) : error;
}

function describeResult({ topic, state, differences }: Result): string {
  if (differences.length === 0) return `${topic}: ${state}`;
  return `${topic}: ${state}, but ${differences.join("; ")}`;
}
