import { KafkaError } from "../wire/error-codes.ts";

/** The types of a config as DescribeConfigs numbers them. */
export const CONFIG_TYPES = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, LIST: 7 } as const;

/** One config of a topic: what it is without being set, and which values it takes. */
export interface TopicConfig {
  readonly name: string;
  readonly fallback: string;
  readonly type: (typeof CONFIG_TYPES)[keyof typeof CONFIG_TYPES];
  readonly accepts: (value: string) => boolean;
  readonly documentation: string;
}

const integer = (least: number, most: number) => (value: string) =>
  /^-?\d{1,19}$/.test(value) && Number(value) >= least && Number(value) <= most;
const only = (accepted: string) => (value: string) => value === accepted;

const LARGEST_INT = 2 ** 31 - 1;
const LARGEST_LONG = 2 ** 63;

/**
 * The topic configs that this broker knows, with Kafka's names and defaults. Those that ask for
 * something it does not do take their default alone, so that nothing is promised in silence.
 */
export const TOPIC_CONFIGS: readonly TopicConfig[] = [
  {
    name: "cleanup.policy",
    fallback: "delete",
    type: CONFIG_TYPES.LIST,
    accepts: only("delete"),
    documentation: "Compaction is not supported.",
  },
  {
    name: "compression.type",
    fallback: "producer",
    type: CONFIG_TYPES.STRING,
    accepts: only("producer"),
    documentation: "Batches are kept as the producer compressed them.",
  },
  {
    name: "max.message.bytes",
    fallback: "1048588",
    type: CONFIG_TYPES.INT,
    accepts: integer(0, LARGEST_INT),
    documentation: "The largest record batch that is taken.",
  },
  {
    name: "message.timestamp.after.max.ms",
    fallback: "9223372036854775807",
    type: CONFIG_TYPES.LONG,
    accepts: integer(0, LARGEST_LONG),
    documentation: "How far ahead a batch's time may be. Kafka allows an hour by default.",
  },
  {
    name: "message.timestamp.before.max.ms",
    fallback: "9223372036854775807",
    type: CONFIG_TYPES.LONG,
    accepts: integer(0, LARGEST_LONG),
    documentation: "How far back a batch's time may be.",
  },
  {
    name: "message.timestamp.type",
    fallback: "CreateTime",
    type: CONFIG_TYPES.STRING,
    accepts: only("CreateTime"),
    documentation: "Records keep the producer's timestamp.",
  },
  {
    name: "min.insync.replicas",
    fallback: "1",
    type: CONFIG_TYPES.INT,
    accepts: integer(1, 1),
    documentation: "There is one node.",
  },
  {
    name: "retention.bytes",
    fallback: "-1",
    type: CONFIG_TYPES.LONG,
    accepts: integer(-1, LARGEST_LONG),
    documentation: "Reported as it was set; nothing is deleted by size.",
  },
  {
    name: "retention.ms",
    fallback: "604800000",
    type: CONFIG_TYPES.LONG,
    accepts: integer(-1, LARGEST_LONG),
    documentation: "Reported as it was set; nothing is deleted by age.",
  },
];

/** The configs to store; throws INVALID_CONFIG for an unknown name or a value out of range. */
export function checkTopicConfigs(
  entries: readonly { readonly name: string; readonly value: string | null }[],
): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const { name, value } of entries) {
    const known = TOPIC_CONFIGS.find((config) => config.name === name);
    if (known === undefined) throw new KafkaError("INVALID_CONFIG", `Unknown config ${name}.`);
    if (value === null) continue;
    if (!known.accepts(value)) {
      throw new KafkaError(
        "INVALID_CONFIG",
        `${name} cannot be "${value}". ${known.documentation}`,
      );
    }
    configs[name] = value;
  }
  return configs;
}

/** The value in force: what was set, or the default. */
export function effectiveConfig(configs: Readonly<Record<string, string>>, name: string): string {
  return configs[name] ?? TOPIC_CONFIGS.find((config) => config.name === name)?.fallback ?? "";
}
