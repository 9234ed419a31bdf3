import { array, int16, int32, string, struct, throttled } from "../wire/codec.ts";
import { defineApi, outcomeOf } from "./define-api.ts";

const request = struct({ topics: array(string), timeoutMs: int32 });
const response = throttled(1, { topics: array(struct({ name: string, errorCode: int16 })) });

/** DeleteTopics: with their records and every group's offsets for them. */
export const deleteTopics = defineApi({
  key: 20,
  name: "DeleteTopics",
  minVersion: 1,
  maxVersion: 3,
  request,
  response,
  async handle({ topics }, { broker }) {
    const results = await Promise.all(
      topics.map(async (name) => {
        const { errorCode } = await outcomeOf(broker, async () => {
          await broker.topics.remove(name);
          broker.offsets.deleteTopic(name);
        });
        return { name, errorCode };
      }),
    );
    return { topics: results };
  },
  fail: ({ topics }, errorCode) => ({ topics: topics.map((name) => ({ name, errorCode })) }),
});
