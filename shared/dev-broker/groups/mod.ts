export {
  createGroupCoordinator,
  type GroupCoordinator,
  type GroupCoordinatorOptions,
} from "./coordinator.ts";
export { GROUP_ERRORS, type GroupErrorCode } from "./error-codes.ts";
export type { GroupState } from "./group-state.ts";
export { createMemoryOffsetStore } from "./memory-offset-store.ts";
export type { OffsetStore } from "./offset-store.ts";
export type {
  CommitOffsetsAnswer,
  CommitOffsetsRequest,
  CommittedOffset,
  DeleteGroupAnswer,
  FetchOffsetsAnswer,
  FetchOffsetsRequest,
  GroupDescription,
  GroupListing,
  HeartbeatAnswer,
  HeartbeatRequest,
  JoinAnswer,
  JoinedMember,
  JoinRequest,
  LeaveAnswer,
  LeaveMemberAnswer,
  LeaveRequest,
  MemberAssignment,
  MemberDescription,
  MemberIdentity,
  Protocol,
  SyncAnswer,
  SyncRequest,
  TopicPartition,
} from "./requests.ts";
export { DEFAULT_LIMITS, type Limits } from "./settings.ts";
export { type CancelTimer, systemTimers, type Timers } from "./timers.ts";
