import { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { Member } from "./member.ts";
import type { MemberIdentity } from "./requests.ts";

/** Either the member that was found, or the code to answer with. */
export type MemberCheck =
  | { readonly member: Member; readonly errorCode: typeof GROUP_ERRORS.NONE }
  | { readonly member?: never; readonly errorCode: Exclude<GroupErrorCode, 0> };

/** Finds who is asking. An instance id that has passed to another member id is fenced (KIP-345). */
export function checkMember(
  group: Group,
  { memberId, groupInstanceId }: Pick<MemberIdentity, "memberId" | "groupInstanceId">,
): MemberCheck {
  if (groupInstanceId !== null) {
    const holder = group.staticMember(groupInstanceId);
    if (!holder) return { errorCode: GROUP_ERRORS.UNKNOWN_MEMBER_ID };
    if (holder.id !== memberId) return { errorCode: GROUP_ERRORS.FENCED_INSTANCE_ID };
  }
  const member = group.members.get(memberId);
  return member
    ? { member, errorCode: GROUP_ERRORS.NONE }
    : { errorCode: GROUP_ERRORS.UNKNOWN_MEMBER_ID };
}

/** {@link checkMember}, and whether it speaks of the current generation. */
export function checkGeneration(
  group: Group,
  request: MemberIdentity & { readonly generationId: number },
): MemberCheck {
  const check = checkMember(group, request);
  return check.member && request.generationId !== group.generationId
    ? { errorCode: GROUP_ERRORS.ILLEGAL_GENERATION }
    : check;
}
