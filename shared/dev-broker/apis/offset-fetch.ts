import {
  array,
  bigint64,
  boolean,
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
import { defineApi } from "./define-api.ts";
import { groupByTopic } from "./group-by-topic.ts";

const request = struct({
  groupId: string,
  topics: nullableArray(struct({ name: string, partitions: array(int32) })),
  requireStable: since(7, boolean, false),
});

const response = throttled(3, {
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partition: int32,
          offset: bigint64,
          leaderEpoch: since(5, int32, -1),
          metadata: nullableString,
          errorCode: int16,
        }),
      ),
    }),
  ),
  errorCode: since(2, int16, 0),
});

/** OffsetFetch: what the group has committed, for the named partitions or (null) for all. */
export const offsetFetch = defineApi({
  key: 9,
  name: "OffsetFetch",
  minVersion: 1,
  maxVersion: 7,
  firstFlexible: 6,
  request,
  response,
  handle({ groupId, topics }, { broker }) {
    const partitions =
      topics?.flatMap(({ name, partitions }) =>
        partitions.map((partition) => ({ topic: name, partition })),
      ) ?? null;
    const { errorCode, offsets } = broker.groups.fetchOffsets({ groupId, partitions });
    return {
      topics: groupByTopic(offsets.map((offset) => ({ ...offset, errorCode: KAFKA_ERRORS.NONE }))),
      errorCode,
    };
  },
  fail: ({ topics }, errorCode) => ({
    topics: (topics ?? []).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partition,
        offset: -1n,
        leaderEpoch: -1,
        metadata: "",
        errorCode,
      })),
    })),
    errorCode,
  }),
});
