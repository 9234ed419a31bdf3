import { NODE_ID } from "../broker.ts";
import { checkTopicConfigs } from "../log/topic-configs.ts";
import {
  array,
  boolean,
  type Decoded,
  int16,
  int32,
  nullableString,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KafkaError } from "../wire/error-codes.ts";
import { defineApi, outcomeOf } from "./define-api.ts";

/** "The broker decides." */
const UNSET = -1;

const newTopic = struct({
  name: string,
  partitions: int32,
  replicationFactor: int16,
  assignments: array(struct({ partition: int32, brokers: array(int32) })),
  configs: array(struct({ name: string, value: nullableString })),
});

const request = struct({ topics: array(newTopic), timeoutMs: int32, validateOnly: boolean });

const response = throttled(2, {
  topics: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
});

type NewTopic = Decoded<typeof newTopic>;

function partitionCount(topic: NewTopic, defaultPartitions: number): number {
  const { partitions, replicationFactor, assignments } = topic;
  if (assignments.length === 0) {
    if (replicationFactor !== UNSET && replicationFactor !== 1) {
      throw new KafkaError("INVALID_REPLICATION_FACTOR", "There is one node to replicate to.");
    }
    return partitions === UNSET ? defaultPartitions : partitions;
  }
  if (partitions !== UNSET || replicationFactor !== UNSET) {
    throw new KafkaError("INVALID_REQUEST", "Give either assignments or numbers, not both.");
  }
  const indexes = new Set(assignments.map(({ partition }) => partition));
  const isDense = assignments.every((_, index) => indexes.has(index));
  const isHere = assignments.every(({ brokers }) => brokers.length === 1 && brokers[0] === NODE_ID);
  if (!isDense || !isHere) {
    throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", `Every partition goes to node ${NODE_ID}.`);
  }
  return assignments.length;
}

/** CreateTopics: with their partitions and configs, or only the check of it. */
export const createTopics = defineApi({
  key: 19,
  name: "CreateTopics",
  minVersion: 2,
  maxVersion: 4,
  request,
  response,
  async handle({ topics, validateOnly }, { broker }) {
    const results = await Promise.all(
      topics.map(async (topic) => {
        const { name } = topic;
        const outcome = await outcomeOf(broker, async () => {
          if (topics.filter((other) => other.name === name).length > 1) {
            throw new KafkaError("INVALID_REQUEST", "The request names this topic twice.");
          }
          const partitions = partitionCount(topic, broker.defaultPartitions);
          broker.topics.checkNew(name, partitions);
          const configs = checkTopicConfigs(topic.configs);
          if (!validateOnly) await broker.topics.create(name, partitions, configs);
        });
        return { name, ...outcome };
      }),
    );
    return { topics: results };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
  }),
});
