import {
  array,
  bigint64,
  int16,
  int32,
  int64,
  nullableString,
  since,
  string,
  struct,
  throttled,
  versions,
} from "../wire/codec.ts";
import { defineApi } from "./define-api.ts";
import { groupByTopic } from "./group-by-topic.ts";

const request = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(7, nullableString, null),
  retentionTimeMs: versions(2, 4, int64, -1),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partition: int32,
          offset: bigint64,
          leaderEpoch: since(6, int32, -1),
          metadata: nullableString,
        }),
      ),
    }),
  ),
});

const response = throttled(3, {
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partition: int32, errorCode: int16 })),
    }),
  ),
});

/** OffsetCommit: answered once the offsets would survive the death of the broker. */
export const offsetCommit = defineApi({
  key: 8,
  name: "OffsetCommit",
  minVersion: 2,
  maxVersion: 7,
  request,
  response,
  async handle(asked, { broker, refusal }) {
    const refused = asked.topics.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ partition }) => {
        const errorCode = refusal(name, partition);
        return errorCode === undefined ? [] : [{ topic: name, partition, errorCode }];
      }),
    );
    const isRefused = (topic: string, partition: number) =>
      refused.some((other) => other.topic === topic && other.partition === partition);
    const committed = await broker.groups.commitOffsets({
      ...asked,
      offsets: asked.topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ partition }) => !isRefused(name, partition))
          .map(({ metadata, ...rest }) => ({ topic: name, ...rest, metadata: metadata ?? "" })),
      ),
    });
    return { topics: groupByTopic([...committed.partitions, ...refused]) };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
    })),
  }),
});
