import { checkMember } from "./check-member.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { LeaveAnswer, LeaveMemberAnswer, LeaveRequest } from "./requests.ts";
import { removeMember } from "./sessions.ts";

type Leaving = LeaveRequest["members"][number];

/** LeaveGroup: removes the named members, then lets the rest rebalance once. */
export function leave(
  { groups, rebalance }: CoordinatorContext,
  request: LeaveRequest,
): LeaveAnswer {
  if (request.groupId === "") return { errorCode: GROUP_ERRORS.INVALID_GROUP_ID, members: [] };
  const group = groups.getOrNew(request.groupId);
  const sizeBefore = group.members.size;
  const members = request.members.map((leaving) => leaveOne(group, leaving));
  if (group.members.size < sizeBefore) rebalance.afterChange(group);
  else rebalance.completeIfJoined(group);
  return { errorCode: GROUP_ERRORS.NONE, members };
}

function leaveOne(group: Group, { memberId, groupInstanceId }: Leaving): LeaveMemberAnswer {
  if (groupInstanceId === null && group.forgetPendingId(memberId)) {
    return { memberId, groupInstanceId, errorCode: GROUP_ERRORS.NONE };
  }
  const id = idOf(group, { memberId, groupInstanceId });
  const { member, errorCode } = checkMember(group, { memberId: id, groupInstanceId });
  if (member) removeMember(group, member);
  return { memberId, groupInstanceId, errorCode };
}

/** An operator removes a static member by its instance id alone. */
function idOf(group: Group, { memberId, groupInstanceId }: Leaving): string {
  if (memberId !== "" || groupInstanceId === null) return memberId;
  return group.staticMember(groupInstanceId)?.id ?? "";
}
