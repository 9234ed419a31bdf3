import type { OffsetStore } from "./offset-store.ts";
import type {
  CommitOffsetsAnswer,
  CommitOffsetsRequest,
  DeleteGroupAnswer,
  FetchOffsetsAnswer,
  FetchOffsetsRequest,
  GroupDescription,
  GroupListing,
  HeartbeatAnswer,
  HeartbeatRequest,
  JoinAnswer,
  JoinRequest,
  LeaveAnswer,
  LeaveRequest,
  SyncAnswer,
  SyncRequest,
} from "./requests.ts";
import type { Timers } from "./timers.ts";

/** What the coordinator works with, and the limits it holds its clients to. */
export interface GroupCoordinatorOptions {
  readonly offsets: OffsetStore;
  /** Whether offsets may be committed for this partition. */
  readonly topicExists: (topic: string, partition: number) => boolean;
  /** Default: the machine's timers. */
  readonly timers?: Timers;
  /** The unique part of a member id. Default: a random UUID. */
  readonly randomId?: () => string;
  /** How long the first members of an empty group wait for others. Default 0 (Kafka: 3000). */
  readonly initialRebalanceDelayMs?: number;
  /** Default 6,000 (Kafka's `group.min.session.timeout.ms`). */
  readonly minSessionTimeoutMs?: number;
  /** Default 1,800,000 (Kafka's `group.max.session.timeout.ms`). */
  readonly maxSessionTimeoutMs?: number;
}

/** The classic Kafka group coordinator of a single node, without its wire format. */
export interface GroupCoordinator {
  join(request: JoinRequest): Promise<JoinAnswer>;
  sync(request: SyncRequest): Promise<SyncAnswer>;
  heartbeat(request: HeartbeatRequest): HeartbeatAnswer;
  leave(request: LeaveRequest): LeaveAnswer;
  commitOffsets(request: CommitOffsetsRequest): Promise<CommitOffsetsAnswer>;
  fetchOffsets(request: FetchOffsetsRequest): FetchOffsetsAnswer;
  describe(groupIds: readonly string[]): readonly GroupDescription[];
  list(states?: readonly string[]): readonly GroupListing[];
  delete(groupIds: readonly string[]): readonly DeleteGroupAnswer[];
  /** Settles every parked request and stops every timer; further requests are answered with 15. */
  close(): void;
}
