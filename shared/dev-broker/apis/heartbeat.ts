import { int16, int32, nullableString, since, string, struct, throttled } from "../wire/codec.ts";
import { defineApi } from "./define-api.ts";

const request = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
});

/** Heartbeat: a member is alive, and learns of a rebalance. */
export const heartbeat = defineApi({
  key: 12,
  name: "Heartbeat",
  minVersion: 0,
  maxVersion: 3,
  request,
  response: throttled(1, { errorCode: int16 }),
  handle: (asked, { broker }) => broker.groups.heartbeat(asked),
  fail: (_request, errorCode) => ({ errorCode }),
});
