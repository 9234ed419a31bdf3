import { checkGeneration } from "./check-member.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
import type { Group } from "./group.ts";
import type { CommitOffsetsAnswer, CommitOffsetsRequest } from "./requests.ts";

/**
 * OffsetCommit: stores what may be stored, all of it or nothing. Rejects when the store does.
 * Like in Kafka an unknown partition is told apart even when the group refuses the rest.
 */
export async function commitOffsets(
  { groups, sessions, offsets, topicExists, limits }: CoordinatorContext,
  request: CommitOffsetsRequest,
): Promise<CommitOffsetsAnswer> {
  const group = groups.getOrNew(request.groupId);
  const groupError = checkCommit(group, request);
  const checked = request.offsets.map((committed) => {
    const { topic, partition, metadata } = committed;
    let errorCode: GroupErrorCode = groupError;
    if (!topicExists(topic, partition)) errorCode = GROUP_ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
    else if (groupError === GROUP_ERRORS.NONE && metadata.length > limits.maxOffsetMetadata) {
      errorCode = GROUP_ERRORS.OFFSET_METADATA_TOO_LARGE;
    }
    return { committed, answer: { topic, partition, errorCode } };
  });

  const member = group.members.get(request.memberId);
  if (groupError === GROUP_ERRORS.NONE && member) sessions.renew(group, member);
  const accepted = checked.filter(({ answer }) => answer.errorCode === GROUP_ERRORS.NONE);
  if (accepted.length > 0) {
    await offsets.commit(
      request.groupId,
      accepted.map(({ committed }) => committed),
    );
  }
  return { partitions: checked.map(({ answer }) => answer) };
}

/** Whether the group lets this client commit now. */
export function checkCommit(
  group: Group,
  request: Pick<CommitOffsetsRequest, "groupId" | "memberId" | "groupInstanceId" | "generationId">,
): GroupErrorCode {
  if (request.generationId < 0 && group.state === "Empty") return GROUP_ERRORS.NONE;
  const { member, errorCode } = checkGeneration(group, request);
  if (!member) return errorCode;
  return group.state === "CompletingRebalance"
    ? GROUP_ERRORS.REBALANCE_IN_PROGRESS
    : GROUP_ERRORS.NONE;
}
