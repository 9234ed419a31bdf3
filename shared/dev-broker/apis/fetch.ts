import type { PartitionLog } from "../log/partition-log.ts";
import { waitForRecords } from "../log/wait-for-records.ts";
import {
  array,
  bytes,
  type Decoded,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KAFKA_ERRORS, type KafkaErrorCode } from "../wire/error-codes.ts";
import { defineApi, type RequestContext } from "./define-api.ts";

/** Kafka's `fetch.max.bytes` of the broker: no answer is larger, but for a single batch. */
const MAX_RESPONSE_BYTES = 55 * 1024 * 1024;
const READ_COMMITTED = 1;
/** Every partition has had one leader, this node, for ever. */
const LEADER_EPOCH = 0;

const partitionRequest = struct({
  index: int32,
  currentLeaderEpoch: since(9, int32, -1),
  fetchOffset: int64,
  logStartOffset: since(5, int64, -1),
  maxBytes: int32,
});

const request = struct({
  replicaId: int32,
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: since(7, int32, 0),
  sessionEpoch: since(7, int32, -1),
  topics: array(struct({ name: string, partitions: array(partitionRequest) })),
  forgottenTopics: since(7, array(struct({ name: string, partitions: array(int32) })), []),
  rackId: since(11, string, ""),
});

const partitionResponse = struct({
  index: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: int64,
  logStartOffset: since(5, int64, -1),
  abortedTransactions: nullableArray(struct({ producerId: int64, firstOffset: int64 })),
  preferredReadReplica: since(11, int32, -1),
  records: bytes,
});

const response = throttled(1, {
  errorCode: since(7, int16, 0),
  sessionId: since(7, int32, 0),
  topics: array(struct({ name: string, partitions: array(partitionResponse) })),
});

type Request = Decoded<typeof request>;
type PartitionAnswer = Decoded<typeof partitionResponse>;

function refusePartition(index: number, errorCode: KafkaErrorCode): PartitionAnswer {
  return {
    index,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: new Uint8Array(),
  };
}

function refuse({ topics }: Request, errorCode: KafkaErrorCode) {
  return {
    errorCode,
    sessionId: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => refusePartition(index, errorCode)),
    })),
  };
}

function checkPosition(
  log: PartitionLog,
  { currentLeaderEpoch, fetchOffset }: Decoded<typeof partitionRequest>,
): KafkaErrorCode {
  if (currentLeaderEpoch > LEADER_EPOCH) return KAFKA_ERRORS.UNKNOWN_LEADER_EPOCH;
  const inRange = fetchOffset >= log.logStart && fetchOffset <= log.logEnd;
  return inRange ? KAFKA_ERRORS.NONE : KAFKA_ERRORS.OFFSET_OUT_OF_RANGE;
}

/** Reads what there is now, in the order of the request, and collects whose growth could help. */
function readAll(asked: Request, { broker, refusal }: Pick<RequestContext, "broker" | "refusal">) {
  const limit = Math.min(asked.maxBytes, MAX_RESPONSE_BYTES);
  const logs: PartitionLog[] = [];
  let size = 0;
  let failed = false;

  function readPartition(name: string, wanted: Decoded<typeof partitionRequest>): PartitionAnswer {
    const { index, fetchOffset, maxBytes } = wanted;
    const log = broker.topics.log(name, index);
    const errorCode =
      refusal(name, index) ??
      (log ? checkPosition(log, wanted) : KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
    if (log === undefined || errorCode !== KAFKA_ERRORS.NONE) {
      failed = true;
      return refusePartition(index, errorCode);
    }
    logs.push(log);
    const batches = log.read(fetchOffset, Math.min(maxBytes, limit - size), size === 0);
    const records = batches.length === 1 ? (batches[0] as Uint8Array) : Buffer.concat(batches);
    size += records.length;
    return {
      index,
      errorCode,
      highWatermark: log.logEnd,
      lastStableOffset: log.logEnd,
      logStartOffset: log.logStart,
      abortedTransactions: asked.isolationLevel === READ_COMMITTED ? [] : null,
      preferredReadReplica: -1,
      records,
    };
  }

  const topics = asked.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((wanted) => readPartition(name, wanted)),
  }));
  return { topics, logs, size, failed };
}

/**
 * Fetch: whole batches from the one that holds the offset; waits for `minBytes` until `maxWaitMs`.
 * There are no fetch sessions: every answer has session id 0, so clients ask in full.
 */
export const fetch = defineApi({
  key: 1,
  name: "Fetch",
  minVersion: 4,
  maxVersion: 11,
  request,
  response,
  async handle(asked, context) {
    if (asked.sessionId !== 0) return refuse(asked, KAFKA_ERRORS.FETCH_SESSION_ID_NOT_FOUND);
    const deadline = performance.now() + asked.maxWaitMs;
    for (;;) {
      const { topics, logs, size, failed } = readAll(asked, context);
      const left = deadline - performance.now();
      if (size >= asked.minBytes || failed || left <= 0) {
        return { errorCode: KAFKA_ERRORS.NONE, sessionId: 0, topics };
      }
      await waitForRecords(logs, asked.minBytes - size, left, context.signal);
      if (context.signal.aborted) return null;
    }
  },
  fail: refuse,
});
