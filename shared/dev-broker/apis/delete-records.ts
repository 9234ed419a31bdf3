import { array, int16, int32, int64, string, struct, throttled } from "../wire/codec.ts";
import { KAFKA_ERRORS, KafkaError } from "../wire/error-codes.ts";
import { defineApi, outcomeOf } from "./define-api.ts";

/** "Up to the end." */
const HIGH_WATERMARK = -1;

const request = struct({
  topics: array(
    struct({ name: string, partitions: array(struct({ index: int32, offset: int64 })) }),
  ),
  timeoutMs: int32,
});

const response = throttled(0, {
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ index: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  ),
});

/** DeleteRecords: everything below an offset. */
export const deleteRecords = defineApi({
  key: 21,
  name: "DeleteRecords",
  minVersion: 0,
  maxVersion: 1,
  request,
  response,
  async handle({ topics }, { broker }) {
    const deleteFrom = async (name: string, index: number, offset: number) => {
      const log = broker.topics.log(name, index);
      const { errorCode } = await outcomeOf(broker, async () => {
        if (log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
        const target = offset === HIGH_WATERMARK ? log.logEnd : offset;
        if (target < 0 || target > log.logEnd) throw new KafkaError("OFFSET_OUT_OF_RANGE");
        await log.deleteRecords(target);
      });
      const lowWatermark = errorCode === KAFKA_ERRORS.NONE && log ? log.logStart : -1;
      return { index, lowWatermark, errorCode };
    };
    return {
      topics: await Promise.all(
        topics.map(async ({ name, partitions }) => ({
          name,
          partitions: await Promise.all(
            partitions.map(({ index, offset }) => deleteFrom(name, index, offset)),
          ),
        })),
      ),
    };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => ({ index, lowWatermark: -1, errorCode })),
    })),
  }),
});
