import {
  array,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { defineApi } from "./define-api.ts";

const request = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
});

/** SyncGroup: the leader brings the assignments, everyone gets theirs. */
export const syncGroup = defineApi({
  key: 14,
  name: "SyncGroup",
  minVersion: 0,
  maxVersion: 3,
  request,
  response: throttled(1, { errorCode: int16, assignment: bytes }),
  handle: (asked, { broker, signal }) => broker.groups.sync({ ...asked, signal }),
  fail: (_request, errorCode) => ({ errorCode, assignment: new Uint8Array() }),
});
