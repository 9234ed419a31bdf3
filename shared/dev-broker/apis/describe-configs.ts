import { type Broker, NODE_ID } from "../broker.ts";
import { effectiveConfig, TOPIC_CONFIGS } from "../log/topic-configs.ts";
import {
  array,
  boolean,
  type Decoded,
  int8,
  int16,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KAFKA_ERRORS, KafkaError } from "../wire/error-codes.ts";
import { brokerConfigs } from "./broker-configs.ts";
import { defineApi, errorCodeOf } from "./define-api.ts";

export const RESOURCES = { TOPIC: 2, BROKER: 4 } as const;
const SOURCES = { SET_FOR_TOPIC: 1, SET_AT_START: 4, DEFAULT: 5 } as const;

const request = struct({
  resources: array(struct({ type: int8, name: string, configNames: nullableArray(string) })),
  includeSynonyms: boolean,
  includeDocumentation: since(3, boolean, false),
});

const config = struct({
  name: string,
  value: nullableString,
  readOnly: boolean,
  source: int8,
  isSensitive: boolean,
  synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
  type: since(3, int8, 0),
  documentation: since(3, nullableString, null),
});

const response = throttled(0, {
  results: array(
    struct({
      errorCode: int16,
      errorMessage: nullableString,
      type: int8,
      name: string,
      configs: array(config),
    }),
  ),
});

type ConfigAnswer = Decoded<typeof config>;

function topicConfigs(broker: Broker, topicName: string): ConfigAnswer[] {
  const topic = broker.topics.get(topicName);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  return TOPIC_CONFIGS.map(({ name, type, documentation, fallback }) => {
    const value = effectiveConfig(topic.configs, name);
    const standard = { name, value: fallback, source: SOURCES.DEFAULT };
    const isSet = topic.configs[name] !== undefined;
    return {
      name,
      value,
      readOnly: false,
      source: isSet ? SOURCES.SET_FOR_TOPIC : SOURCES.DEFAULT,
      isSensitive: false,
      synonyms: isSet ? [{ name, value, source: SOURCES.SET_FOR_TOPIC }, standard] : [standard],
      type,
      documentation,
    };
  });
}

function nodeConfigs(broker: Broker, nodeId: string): ConfigAnswer[] {
  if (nodeId !== String(NODE_ID)) {
    throw new KafkaError("INVALID_REQUEST", `There is no node ${nodeId}.`);
  }
  return brokerConfigs(broker).map(({ name, value, type }) => ({
    name,
    value,
    readOnly: true,
    source: SOURCES.SET_AT_START,
    isSensitive: false,
    synonyms: [],
    type,
    documentation: null,
  }));
}

function configsOf(broker: Broker, type: number, name: string): ConfigAnswer[] {
  if (type === RESOURCES.TOPIC) return topicConfigs(broker, name);
  if (type === RESOURCES.BROKER) return nodeConfigs(broker, name);
  throw new KafkaError("INVALID_REQUEST", `Configs of type ${type} are not supported.`);
}

/** DescribeConfigs: of topics and of the node. */
export const describeConfigs = defineApi({
  key: 32,
  name: "DescribeConfigs",
  minVersion: 1,
  maxVersion: 3,
  request,
  response,
  handle: ({ resources, includeSynonyms }, { broker }) => ({
    results: resources.map(({ type, name, configNames }) => {
      try {
        const configs = configsOf(broker, type, name)
          .filter((entry) => configNames === null || configNames.includes(entry.name))
          .map((entry) => (includeSynonyms ? entry : { ...entry, synonyms: [] }));
        return { errorCode: KAFKA_ERRORS.NONE, errorMessage: null, type, name, configs };
      } catch (error) {
        const errorMessage = error instanceof KafkaError ? error.message : null;
        return { errorCode: errorCodeOf(error, broker), errorMessage, type, name, configs: [] };
      }
    }),
  }),
  fail: ({ resources }, errorCode) => ({
    results: resources.map(({ type, name }) => ({
      errorCode,
      errorMessage: null,
      type,
      name,
      configs: [],
    })),
  }),
});
