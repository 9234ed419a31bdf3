import { checkGeneration } from "./check-member.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import type { HeartbeatAnswer, HeartbeatRequest } from "./requests.ts";

/** Heartbeat: renews the session, and tells a member when it has to join anew. */
export function heartbeat(
  { groups, sessions }: CoordinatorContext,
  request: HeartbeatRequest,
): HeartbeatAnswer {
  if (request.groupId === "") return { errorCode: GROUP_ERRORS.INVALID_GROUP_ID };
  const group = groups.getOrNew(request.groupId);
  const { member, errorCode } = checkGeneration(group, request);
  if (!member) return { errorCode };
  sessions.renew(group, member);
  const isRebalancing = group.state === "PreparingRebalance";
  return { errorCode: isRebalancing ? GROUP_ERRORS.REBALANCE_IN_PROGRESS : GROUP_ERRORS.NONE };
}
