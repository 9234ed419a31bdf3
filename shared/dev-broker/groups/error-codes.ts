/**
 * The Kafka protocol's error codes that a group coordinator answers with, as they go over the wire
 * (https://kafka.apache.org/protocol#protocol_error_codes).
 */
export const GROUP_ERRORS = {
  NONE: 0,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  OFFSET_METADATA_TOO_LARGE: 12,
  COORDINATOR_NOT_AVAILABLE: 15,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  NON_EMPTY_GROUP: 68,
  GROUP_ID_NOT_FOUND: 69,
  MEMBER_ID_REQUIRED: 79,
  GROUP_MAX_SIZE_REACHED: 81,
  FENCED_INSTANCE_ID: 82,
} as const;

/** One of {@link GROUP_ERRORS}. */
export type GroupErrorCode = (typeof GROUP_ERRORS)[keyof typeof GROUP_ERRORS];
