import { deleteGroup, describeGroup, listGroups } from "./admin.ts";
import { refusedJoin, refusedSync } from "./answers.ts";
import { commitOffsets } from "./commit-offsets.ts";
import type { CoordinatorContext } from "./context.ts";
import { GROUP_ERRORS } from "./error-codes.ts";
import { fetchOffsets } from "./fetch-offsets.ts";
import { createGroupRegistry } from "./group-registry.ts";
import { heartbeat } from "./heartbeat.ts";
import { join } from "./join.ts";
import { leave } from "./leave.ts";
import type { OffsetStore } from "./offset-store.ts";
import { createRebalance, type Rebalance } from "./rebalance.ts";
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
import { createSessions } from "./sessions.ts";
import { DEFAULT_LIMITS, type Limits } from "./settings.ts";
import { sync } from "./sync.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** What the coordinator works with; the limits have Kafka's defaults, see {@link DEFAULT_LIMITS}. */
export interface GroupCoordinatorOptions extends Partial<Limits> {
  readonly offsets: OffsetStore;
  /** Whether offsets may be committed for this partition. */
  readonly topicExists: (topic: string, partition: number) => boolean;
  /** Default: the machine's timers. */
  readonly timers?: Timers;
  /** The unique part of a member id. Default: a random UUID. */
  readonly randomId?: () => string;
}

/**
 * The classic Kafka group coordinator of a single node, without its wire format. Requests and
 * answers are plain objects that stand for every version of their API; refusals are Kafka error
 * codes in the answer, never exceptions. Only committed offsets outlive it.
 */
export interface GroupCoordinator {
  /** JoinGroup: settled at once, or when the next generation begins. */
  join(request: JoinRequest): Promise<JoinAnswer>;
  /** SyncGroup: settled when the leader has divided the work. */
  sync(request: SyncRequest): Promise<SyncAnswer>;
  heartbeat(request: HeartbeatRequest): HeartbeatAnswer;
  leave(request: LeaveRequest): LeaveAnswer;
  /** OffsetCommit; rejects with what the offset store throws. */
  commitOffsets(request: CommitOffsetsRequest): Promise<CommitOffsetsAnswer>;
  fetchOffsets(request: FetchOffsetsRequest): FetchOffsetsAnswer;
  describe(groupIds: readonly string[]): readonly GroupDescription[];
  /** ListGroups, of all states if none is named; names of states in any case. */
  list(states?: readonly string[]): readonly GroupListing[];
  delete(groupIds: readonly string[]): readonly DeleteGroupAnswer[];
  /** Settles every parked request and stops every timer; whatever comes later is answered with 15. */
  close(): void;
}

/** A coordinator without groups; those that `options.offsets` knows are Empty ones. */
export function createGroupCoordinator(options: GroupCoordinatorOptions): GroupCoordinator {
  const context = createContext(options);
  const { groups, offsets } = context;
  const unavailable = { errorCode: GROUP_ERRORS.COORDINATOR_NOT_AVAILABLE };
  let isClosed = false;

  return {
    async join(request) {
      return isClosed
        ? refusedJoin(unavailable.errorCode, request.memberId)
        : join(context, request);
    },
    async sync(request) {
      return isClosed ? refusedSync(unavailable.errorCode) : sync(context, request);
    },
    heartbeat: (request) => (isClosed ? unavailable : heartbeat(context, request)),
    leave: (request) => (isClosed ? { ...unavailable, members: [] } : leave(context, request)),
    async commitOffsets(request) {
      if (!isClosed) return commitOffsets(context, request);
      const partitions = request.offsets.map(({ topic, partition }) => ({
        topic,
        partition,
        ...unavailable,
      }));
      return { partitions };
    },
    fetchOffsets: (request) =>
      isClosed ? { ...unavailable, offsets: [] } : fetchOffsets(offsets, request),
    describe: (groupIds) =>
      groupIds.map((groupId) => ({
        ...describeGroup(context, groupId),
        ...(isClosed ? unavailable : {}),
      })),
    list: (states = []) => listGroups(context, states),
    delete: (groupIds) =>
      groupIds.map((groupId) =>
        isClosed ? { groupId, ...unavailable } : deleteGroup(context, groupId),
      ),
    close() {
      isClosed = true;
      for (const group of groups.all()) groups.drop(group);
    },
  };
}

function createContext({
  offsets,
  topicExists,
  timers = systemTimers,
  randomId = () => crypto.randomUUID(),
  ...overrides
}: GroupCoordinatorOptions): CoordinatorContext {
  const limits: Limits = { ...DEFAULT_LIMITS, ...overrides };
  const sessions = createSessions((group) => rebalance.afterChange(group));
  const rebalance: Rebalance = createRebalance(sessions, limits.initialRebalanceDelayMs);
  const groups = createGroupRegistry(timers, limits.maxGroups);
  return { groups, sessions, rebalance, offsets, topicExists, timers, randomId, limits };
}
