import { GROUP_ERRORS } from "./error-codes.ts";
import type { OffsetStore } from "./offset-store.ts";
import type { FetchOffsetsAnswer, FetchOffsetsRequest } from "./requests.ts";

/** OffsetFetch: anyone may ask, and a group that does not exist has committed nothing. */
export function fetchOffsets(
  offsets: OffsetStore,
  { groupId, partitions }: FetchOffsetsRequest,
): FetchOffsetsAnswer {
  return {
    errorCode: GROUP_ERRORS.NONE,
    offsets:
      partitions === null
        ? offsets.readAll(groupId)
        : partitions.map(
            ({ topic, partition }) =>
              offsets.read(groupId, { topic, partition }) ?? {
                topic,
                partition,
                offset: -1n,
                leaderEpoch: -1,
                metadata: "",
              },
          ),
  };
}
