import { checkTopicConfigs } from "../log/topic-configs.ts";
import {
  array,
  boolean,
  int8,
  int16,
  nullableString,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KafkaError } from "../wire/error-codes.ts";
import { defineApi, outcomeOf } from "./define-api.ts";
import { RESOURCES } from "./describe-configs.ts";

const request = struct({
  resources: array(
    struct({
      type: int8,
      name: string,
      configs: array(struct({ name: string, value: nullableString })),
    }),
  ),
  validateOnly: boolean,
});

const response = throttled(0, {
  results: array(
    struct({ errorCode: int16, errorMessage: nullableString, type: int8, name: string }),
  ),
});

/** AlterConfigs: replaces all configs of a topic; those that are not named get their default. */
export const alterConfigs = defineApi({
  key: 33,
  name: "AlterConfigs",
  minVersion: 0,
  maxVersion: 1,
  request,
  response,
  async handle({ resources, validateOnly }, { broker }) {
    const results = await Promise.all(
      resources.map(async ({ type, name, configs }) => {
        const outcome = await outcomeOf(broker, async () => {
          if (type !== RESOURCES.TOPIC) {
            throw new KafkaError("INVALID_REQUEST", "Only configs of topics can be set.");
          }
          if (broker.topics.get(name) === undefined) {
            throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
          }
          const checked = checkTopicConfigs(configs);
          if (!validateOnly) await broker.topics.configure(name, checked);
        });
        return { ...outcome, type, name };
      }),
    );
    return { results };
  },
  fail: ({ resources }, errorCode) => ({
    results: resources.map(({ type, name }) => ({ errorCode, errorMessage: null, type, name })),
  }),
});
