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

/** From this version on a member without an id is given one to come back with (KIP-394). */
const FIRST_WITH_KNOWN_IDS = 4;
const NOT_ON_THE_WIRE = -1;

const request = struct({
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: since(1, int32, NOT_ON_THE_WIRE),
  memberId: string,
  groupInstanceId: since(5, nullableString, null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
});

const response = throttled(2, {
  errorCode: int16,
  generationId: int32,
  protocolName: string,
  leader: string,
  memberId: string,
  members: array(
    struct({
      memberId: string,
      groupInstanceId: since(5, nullableString, null),
      metadata: bytes,
    }),
  ),
});

/** JoinGroup: answered when the group's next generation begins. */
export const joinGroup = defineApi({
  key: 11,
  name: "JoinGroup",
  minVersion: 0,
  maxVersion: 5,
  request,
  response,
  async handle(asked, { broker, version, clientId, clientHost, signal }) {
    const { rebalanceTimeoutMs, sessionTimeoutMs } = asked;
    const { errorCode, generationId, protocolName, leader, memberId, members } =
      await broker.groups.join({
        ...asked,
        rebalanceTimeoutMs:
          rebalanceTimeoutMs === NOT_ON_THE_WIRE ? sessionTimeoutMs : rebalanceTimeoutMs,
        clientId,
        clientHost,
        requireKnownMemberId: version >= FIRST_WITH_KNOWN_IDS,
        signal,
      });
    return {
      errorCode,
      generationId,
      protocolName: protocolName ?? "",
      leader,
      memberId,
      members,
    };
  },
  fail: ({ memberId }, errorCode) => ({
    errorCode,
    generationId: -1,
    protocolName: "",
    leader: "",
    memberId,
    members: [],
  }),
});
