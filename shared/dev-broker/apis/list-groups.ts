import { array, int16, since, string, struct, throttled } from "../wire/codec.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { defineApi } from "./define-api.ts";

const request = struct({ states: since(4, array(string), []) });

const response = throttled(1, {
  errorCode: int16,
  groups: array(struct({ groupId: string, protocolType: string, state: since(4, string, "") })),
});

/** ListGroups: every group, or those in the named states. */
export const listGroups = defineApi({
  key: 16,
  name: "ListGroups",
  minVersion: 0,
  maxVersion: 4,
  firstFlexible: 3,
  request,
  response,
  handle: ({ states }, { broker }) => ({
    errorCode: KAFKA_ERRORS.NONE,
    groups: broker.groups.list(states),
  }),
  fail: (_request, errorCode) => ({ errorCode, groups: [] }),
});
