import { array, int16, string, struct, throttled } from "../wire/codec.ts";
import { defineApi } from "./define-api.ts";

const request = struct({ groups: array(string) });
const response = throttled(0, {
  results: array(struct({ groupId: string, errorCode: int16 })),
});

/** DeleteGroups: groups without members, with their offsets. */
export const deleteGroups = defineApi({
  key: 42,
  name: "DeleteGroups",
  minVersion: 0,
  maxVersion: 1,
  request,
  response,
  async handle({ groups }, { broker }) {
    const results = broker.groups.delete(groups);
    await broker.commits.settled();
    return { results };
  },
  fail: ({ groups }, errorCode) => ({
    results: groups.map((groupId) => ({ groupId, errorCode })),
  }),
});
