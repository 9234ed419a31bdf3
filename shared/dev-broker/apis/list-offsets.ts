import { findRecordByTimestamp } from "../log/find-record.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import {
  array,
  int8,
  int16,
  int32,
  int64,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KAFKA_ERRORS, type KafkaErrorCode } from "../wire/error-codes.ts";
import { defineApi } from "./define-api.ts";

const LATEST = -1;
const EARLIEST = -2;

const request = struct({
  replicaId: int32,
  isolationLevel: since(2, int8, 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({ index: int32, currentLeaderEpoch: since(4, int32, -1), timestamp: int64 }),
      ),
    }),
  ),
});

const response = throttled(2, {
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
          timestamp: int64,
          offset: int64,
          leaderEpoch: since(4, int32, -1),
        }),
      ),
    }),
  ),
});

const NOT_FOUND = { timestamp: -1, offset: -1, leaderEpoch: -1 };

function lookUp(log: PartitionLog, timestamp: number) {
  if (timestamp === LATEST) return { timestamp: -1, offset: log.logEnd, leaderEpoch: 0 };
  if (timestamp === EARLIEST) return { timestamp: -1, offset: log.logStart, leaderEpoch: 0 };
  const batch = log.findByTimestamp(timestamp);
  if (batch === undefined) return NOT_FOUND;
  return { ...findRecordByTimestamp(batch, timestamp, log.logStart), leaderEpoch: 0 };
}

/** ListOffsets: the first, the next, or the first from a time on. */
export const listOffsets = defineApi({
  key: 2,
  name: "ListOffsets",
  minVersion: 1,
  maxVersion: 5,
  request,
  response,
  handle: ({ topics }, { broker, refusal }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, timestamp }) => {
        const log = broker.topics.log(name, index);
        const errorCode: KafkaErrorCode =
          refusal(name, index) ??
          (log ? KAFKA_ERRORS.NONE : KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION);
        const found = log && errorCode === KAFKA_ERRORS.NONE ? lookUp(log, timestamp) : NOT_FOUND;
        return { index, errorCode, ...found };
      }),
    })),
  }),
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => ({ index, errorCode, ...NOT_FOUND })),
    })),
  }),
});
