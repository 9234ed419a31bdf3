import type { GroupErrorCode } from "./error-codes.ts";
import type { GroupState } from "./group-state.ts";

/** A way of dividing the work that a member can follow, with its opaque subscription. */
export interface Protocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** Who is asking: the part that every request of a group member has in common. */
export interface MemberIdentity {
  readonly groupId: string;
  /** Empty while the coordinator has not given one out. */
  readonly memberId: string;
  /** `group.instance.id` of a static member (KIP-345), else null. */
  readonly groupInstanceId: string | null;
}

/** JoinGroup, whatever its version. */
export interface JoinRequest extends MemberIdentity {
  readonly clientId: string;
  /** Shown by DescribeGroups; Kafka writes it as `/127.0.0.1`. */
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  /** JoinGroup v0 has none: pass the session timeout. */
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  /** In the member's order of preference. */
  readonly protocols: readonly Protocol[];
  /** From v4 on a dynamic member must come back with the id it is given first (KIP-394). */
  readonly requireKnownMemberId: boolean;
  /** Aborted when the connection is gone: the parked request is then settled and forgotten. */
  readonly signal?: AbortSignal;
}

/** One member as its leader sees it. */
export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** The member's metadata for the chosen protocol. */
  readonly metadata: Uint8Array;
}

export interface JoinAnswer {
  readonly errorCode: GroupErrorCode;
  /** -1 with an error. */
  readonly generationId: number;
  readonly protocolType: string | null;
  /** Null with an error; versions before 7 write that as an empty string. */
  readonly protocolName: string | null;
  readonly leader: string;
  readonly memberId: string;
  /** Filled for the leader only. */
  readonly members: readonly JoinedMember[];
}

/** SyncGroup, whatever its version. */
export interface SyncRequest extends MemberIdentity {
  readonly generationId: number;
  /** The leader's division of the work; empty from everyone else. */
  readonly assignments: readonly MemberAssignment[];
  /** Aborted when the connection is gone: the parked request is then settled and forgotten. */
  readonly signal?: AbortSignal;
}

export interface MemberAssignment {
  readonly memberId: string;
  readonly assignment: Uint8Array;
}

export interface SyncAnswer {
  readonly errorCode: GroupErrorCode;
  readonly assignment: Uint8Array;
}

export interface HeartbeatRequest extends MemberIdentity {
  readonly generationId: number;
}

export interface HeartbeatAnswer {
  readonly errorCode: GroupErrorCode;
}

/** LeaveGroup: versions before 3 name exactly one member. */
export interface LeaveRequest {
  readonly groupId: string;
  /** A static member may be named by its instance id alone, with an empty member id. */
  readonly members: readonly Omit<MemberIdentity, "groupId">[];
}

export interface LeaveAnswer {
  /** Of the whole request. Versions before 3 answer with the only member's code if this is 0. */
  readonly errorCode: GroupErrorCode;
  /** In the order of the request; empty when the whole request failed. */
  readonly members: readonly LeaveMemberAnswer[];
}

export interface LeaveMemberAnswer extends Omit<MemberIdentity, "groupId"> {
  readonly errorCode: GroupErrorCode;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** An offset as a client committed it. */
export interface CommittedOffset extends TopicPartition {
  /** Stored as it is, also when negative: kafkajs commits -1 and -2 and resolves them itself. */
  readonly offset: bigint;
  /** -1 when the client gave none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** OffsetCommit: a client outside the group commits with generation -1 and an empty member id. */
export interface CommitOffsetsRequest extends MemberIdentity {
  readonly generationId: number;
  readonly offsets: readonly CommittedOffset[];
}

export interface CommitOffsetsAnswer {
  /** In the order of the request. */
  readonly partitions: readonly (TopicPartition & { readonly errorCode: GroupErrorCode })[];
}

export interface FetchOffsetsRequest {
  readonly groupId: string;
  /** Null asks for everything that the group has committed. */
  readonly partitions: readonly TopicPartition[] | null;
}

export interface FetchOffsetsAnswer {
  readonly errorCode: GroupErrorCode;
  /** What was never committed has offset -1, leader epoch -1 and empty metadata. */
  readonly offsets: readonly CommittedOffset[];
}

export interface GroupDescription {
  readonly errorCode: GroupErrorCode;
  readonly groupId: string;
  readonly state: GroupState;
  readonly protocolType: string;
  /** The chosen protocol while the group is Stable, else empty. */
  readonly protocolName: string;
  readonly members: readonly MemberDescription[];
}

export interface MemberDescription extends JoinedMember {
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: Uint8Array;
}

export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: GroupState;
}

export interface DeleteGroupAnswer {
  readonly groupId: string;
  readonly errorCode: GroupErrorCode;
}
