import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { defineApi, outcomeOf } from "./define-api.ts";

const request = struct({
  topics: array(struct({ name: string, count: int32, assignments: nullableArray(array(int32)) })),
  timeoutMs: int32,
  validateOnly: boolean,
});

const response = throttled(0, {
  results: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
});

/** CreatePartitions: a topic grows to `count` partitions. Assignments are this node's anyway. */
export const createPartitions = defineApi({
  key: 37,
  name: "CreatePartitions",
  minVersion: 0,
  maxVersion: 1,
  request,
  response,
  async handle({ topics, validateOnly }, { broker }) {
    const results = await Promise.all(
      topics.map(async ({ name, count }) => {
        const outcome = await outcomeOf(broker, async () => {
          broker.topics.checkGrowth(name, count);
          if (!validateOnly) await broker.topics.grow(name, count);
        });
        return { name, ...outcome };
      }),
    );
    return { results };
  },
  fail: ({ topics }, errorCode) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })),
  }),
});
