import {
  array,
  boolean,
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

/** Authorized operations when nobody asked for them. */
const NOT_ASKED = -(2 ** 31);

const request = struct({
  groups: array(string),
  includeAuthorizedOperations: since(3, boolean, false),
});

const member = struct({
  memberId: string,
  groupInstanceId: since(4, nullableString, null),
  clientId: string,
  clientHost: string,
  metadata: bytes,
  assignment: bytes,
});

const response = throttled(1, {
  groups: array(
    struct({
      errorCode: int16,
      groupId: string,
      state: string,
      protocolType: string,
      protocolName: string,
      members: array(member),
      authorizedOperations: since(3, int32, NOT_ASKED),
    }),
  ),
});

/** DescribeGroups: state and members; a group that does not exist is Dead, without an error. */
export const describeGroups = defineApi({
  key: 15,
  name: "DescribeGroups",
  minVersion: 0,
  maxVersion: 4,
  request,
  response,
  handle: ({ groups }, { broker }) => ({
    groups: broker.groups
      .describe(groups)
      .map((group) => ({ ...group, authorizedOperations: NOT_ASKED })),
  }),
  fail: ({ groups }, errorCode) => ({
    groups: groups.map((groupId) => ({
      errorCode,
      groupId,
      state: "",
      protocolType: "",
      protocolName: "",
      members: [],
      authorizedOperations: NOT_ASKED,
    })),
  }),
});
