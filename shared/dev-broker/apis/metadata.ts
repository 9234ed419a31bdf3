import { NODE_ID } from "../broker.ts";
import { checkTopicName, type Topic } from "../log/topic-catalog.ts";
import {
  array,
  boolean,
  type Decoded,
  int16,
  int32,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { defineApi, errorCodeOf, type RequestContext } from "./define-api.ts";

/** Authorized operations when nobody asked for them. */
const NOT_ASKED = -(2 ** 31);

const request = struct({
  topics: nullableArray(struct({ name: string })),
  allowAutoTopicCreation: since(4, boolean, true),
  includeClusterAuthorizedOperations: since(8, boolean, false),
  includeTopicAuthorizedOperations: since(8, boolean, false),
});

const partition = struct({
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: since(7, int32, 0),
  replicas: array(int32),
  inSyncReplicas: array(int32),
  offlineReplicas: since(5, array(int32), []),
});

const topic = struct({
  errorCode: int16,
  name: string,
  isInternal: since(1, boolean, false),
  partitions: array(partition),
  authorizedOperations: since(8, int32, NOT_ASKED),
});

const response = throttled(3, {
  brokers: array(
    struct({
      nodeId: int32,
      host: string,
      port: int32,
      rack: since(1, nullableString, null),
    }),
  ),
  clusterId: since(2, nullableString, null),
  controllerId: since(1, int32, NODE_ID),
  topics: array(topic),
  authorizedOperations: since(8, int32, NOT_ASKED),
});

type Request = Decoded<typeof request>;
type TopicAnswer = Decoded<typeof topic>;

function describeTopic({ name, partitions }: Topic): TopicAnswer {
  return {
    errorCode: KAFKA_ERRORS.NONE,
    name,
    isInternal: false,
    partitions: partitions.map(({ index }) => ({
      errorCode: KAFKA_ERRORS.NONE,
      partitionIndex: index,
      leaderId: NODE_ID,
      leaderEpoch: 0,
      replicas: [NODE_ID],
      inSyncReplicas: [NODE_ID],
      offlineReplicas: [],
    })),
    authorizedOperations: NOT_ASKED,
  };
}

function refuseTopic(name: string, errorCode: number): TopicAnswer {
  return { errorCode, name, isInternal: false, partitions: [], authorizedOperations: NOT_ASKED };
}

async function findOrCreate(name: string, mayCreate: boolean, context: RequestContext) {
  const { topics, autoCreatePartitions } = context.broker;
  const known = topics.get(name);
  if (known !== undefined) return describeTopic(known);
  try {
    checkTopicName(name);
    if (!mayCreate || autoCreatePartitions === null) {
      return refuseTopic(name, KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
    }
    return describeTopic(await topics.create(name, autoCreatePartitions));
  } catch (error) {
    const created = topics.get(name);
    return created ? describeTopic(created) : refuseTopic(name, errorCodeOf(error, context.broker));
  }
}

/** Version 0 asks for all topics with an empty list, later ones with null. */
function wanted({ topics }: Request, version: number): readonly string[] | null {
  if (topics === null || (version === 0 && topics.length === 0)) return null;
  return topics.map(({ name }) => name);
}

/** Metadata: the one node, and the topics with their partitions. */
export const metadata = defineApi({
  key: 3,
  name: "Metadata",
  minVersion: 0,
  maxVersion: 8,
  request,
  response,
  async handle(asked, context) {
    const { broker, version } = context;
    const names = wanted(asked, version);
    const found =
      names === null
        ? broker.topics.all().map(describeTopic)
        : await Promise.all(
            names.map((name) => findOrCreate(name, asked.allowAutoTopicCreation, context)),
          );
    return {
      brokers: [{ nodeId: NODE_ID, ...broker.advertised, rack: null }],
      clusterId: broker.store.clusterId,
      controllerId: NODE_ID,
      topics: found.map((answer) => {
        const errorCode = context.refusal(answer.name, -1);
        return errorCode === undefined ? answer : refuseTopic(answer.name, errorCode);
      }),
      authorizedOperations: NOT_ASKED,
    };
  },
  fail: ({ topics }, errorCode) => ({
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: (topics ?? []).map(({ name }) => refuseTopic(name, errorCode)),
    authorizedOperations: NOT_ASKED,
  }),
});
