import { peek } from "bun";
import { createManualTimers, type ManualTimers, settled } from "./manual-timers.ts";
import {
  createGroupCoordinator,
  createMemoryOffsetStore,
  type GroupCoordinator,
  type GroupCoordinatorOptions,
  type JoinAnswer,
  type JoinRequest,
  type Protocol,
  type SyncAnswer,
  type SyncRequest,
} from "./mod.ts";

/** A coordinator with one group, "billing", whose time a test is in charge of. */
export interface TestGroups {
  readonly coordinator: GroupCoordinator;
  readonly timers: ManualTimers;
  /** Joins as a client of JoinGroup v2 would, unless `request` says otherwise. */
  join(request?: Partial<JoinRequest>): Promise<JoinAnswer>;
  sync(member: Joined, request?: Partial<SyncRequest>): Promise<SyncAnswer>;
  heartbeat(member: Joined): number;
  leave(...members: Joined[]): readonly number[];
  /** Joins all of `requests` in one generation; the first one leads. */
  joinTogether<R extends Partial<JoinRequest>[]>(...requests: R): Promise<AllJoined<R>>;
  /** {@link joinTogether}, and each is assigned its own member id. */
  stable<R extends Partial<JoinRequest>[]>(...requests: R): Promise<AllJoined<R>>;
  state(): string;
}

/** What a client remembers of its membership. */
export interface Joined {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

/** One member per request. */
export type AllJoined<R extends readonly unknown[]> = { [Index in keyof R]: Joined };

export const GROUP = "billing";
export const SESSION_MS = 10_000;
export const REBALANCE_MS = 30_000;

export function createTestGroups(options: Partial<GroupCoordinatorOptions> = {}): TestGroups {
  const timers = createManualTimers();
  let ids = 0;
  const coordinator = createGroupCoordinator({
    offsets: createMemoryOffsetStore(),
    topicExists: (topic, partition) => topic === "orders" && partition < 3,
    timers,
    randomId: () => String(++ids),
    ...options,
  });

  const groups: TestGroups = {
    coordinator,
    timers,
    join: (request = {}) => coordinator.join({ ...JOIN, ...request }),
    sync: (member, request = {}) =>
      coordinator.sync({ groupId: GROUP, ...member, assignments: [], ...request }),
    heartbeat: (member) => coordinator.heartbeat({ groupId: GROUP, ...member }).errorCode,
    leave: (...members) =>
      coordinator.leave({ groupId: GROUP, members }).members.map(({ errorCode }) => errorCode),
    async joinTogether<R extends Partial<JoinRequest>[]>(...requests: R) {
      const joins = requests.map((request) => groups.join(request));
      await timers.advance(options.initialRebalanceDelayMs ?? 0);
      const answers = await Promise.all(joins);
      return answers.map((answer, index) => remember(answer, requests[index])) as AllJoined<R>;
    },
    async stable<R extends Partial<JoinRequest>[]>(...requests: R) {
      const members = await groups.joinTogether(...requests);
      await syncAll(groups, members);
      return members;
    },
    state: () => coordinator.describe([GROUP])[0]?.state ?? "",
  };
  return groups;
}

/** Has every one of `members` sync, each with its member id as its assignment. */
export async function syncAll(groups: TestGroups, members: readonly Joined[]): Promise<void> {
  const assignments = members.map(({ memberId }) => ({ memberId, assignment: bytes(memberId) }));
  await Promise.all(members.map((member) => groups.sync(member, { assignments })));
}

/** What a client keeps of the answer to its join. */
export function remember(
  { memberId, generationId }: JoinAnswer,
  { groupInstanceId = null }: Partial<JoinRequest> = {},
): Joined {
  return { memberId, generationId, groupInstanceId };
}

/** Whether a request is still waiting for its answer. */
export async function isParked(request: Promise<unknown>): Promise<boolean> {
  await settled();
  return peek.status(request) === "pending";
}

export function protocol(name: string, metadata = ""): Protocol {
  return { name, metadata: bytes(metadata) };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

const JOIN: JoinRequest = {
  groupId: GROUP,
  memberId: "",
  groupInstanceId: null,
  clientId: "client",
  clientHost: "/127.0.0.1",
  sessionTimeoutMs: SESSION_MS,
  rebalanceTimeoutMs: REBALANCE_MS,
  protocolType: "consumer",
  protocols: [protocol("round-robin", "orders")],
  requireKnownMemberId: false,
};
