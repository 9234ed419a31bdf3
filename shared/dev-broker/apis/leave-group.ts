import {
  array,
  int16,
  nullableString,
  since,
  string,
  struct,
  throttled,
  versions,
} from "../wire/codec.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { defineApi } from "./define-api.ts";

/** Before this version a request names one member, and its code is the answer's. */
const FIRST_WITH_MEMBERS = 3;

const member = { memberId: string, groupInstanceId: nullableString };

const request = struct({
  groupId: string,
  memberId: versions(0, FIRST_WITH_MEMBERS - 1, string, ""),
  members: since(FIRST_WITH_MEMBERS, array(struct(member)), []),
});

const response = throttled(1, {
  errorCode: int16,
  members: since(FIRST_WITH_MEMBERS, array(struct({ ...member, errorCode: int16 })), []),
});

/** LeaveGroup: members go without waiting for their session to end. */
export const leaveGroup = defineApi({
  key: 13,
  name: "LeaveGroup",
  minVersion: 0,
  maxVersion: 3,
  request,
  response,
  handle({ groupId, memberId, members }, { broker, version }) {
    if (version >= FIRST_WITH_MEMBERS) return broker.groups.leave({ groupId, members });
    const answer = broker.groups.leave({
      groupId,
      members: [{ memberId, groupInstanceId: null }],
    });
    const errorCode = answer.errorCode || (answer.members[0]?.errorCode ?? KAFKA_ERRORS.NONE);
    return { errorCode, members: [] };
  },
  fail: (_request, errorCode) => ({ errorCode, members: [] }),
});
