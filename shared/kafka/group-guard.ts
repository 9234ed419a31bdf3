import { type Assigner, AssignerProtocol, type Cluster, type GroupMember } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import {
  decodeIdentity,
  encodeMetadata,
  identityInClientId,
  isDeadPredecessor,
  type MemberIdentity,
} from "./member-identity.ts";
import { describeGroup } from "./topics.ts";

/**
 * An assigner that hands partitions, round robin, only to members with the database of the group's
 * leader. Two databases behind one group would each see half of the events and call it everything.
 *
 * @param onCluster gets kafkajs's cluster of the consumer that uses the assigner
 */
export function createGuardedAssigner(
  identity: MemberIdentity,
  onCluster: (cluster: Cluster) => void,
): (config: { cluster: Cluster }) => Assigner {
  const name = "one-database-round-robin";
  const version = 0;
  return ({ cluster }) => {
    onCluster(cluster);
    return {
      name,
      version,
      protocol: ({ topics }) => ({ name, metadata: encodeMetadata(topics, identity) }),
      assign: async ({ members, topics }) =>
        shareOut(
          ownMembers(members, identity),
          topics.flatMap((topic) =>
            cluster
              .findTopicPartitionMetadata(topic)
              .map(({ partitionId }) => ({ topic, partition: partitionId })),
          ),
        ).map(({ memberId, assignment }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version,
            assignment,
            userData: Buffer.alloc(0),
          }),
        })),
    };
  };
}

/** Members of the group that stand in this member's way, or did until they died. */
export interface GroupNeighbours {
  /** The databases, other than this one's, for which live members work. */
  otherDatabases: string[];
  /** Ids of members that a dead process of this database left behind. */
  deadPredecessors: string[];
  /** A rebalancing group describes its members without metadata: of foreign ones nothing is known. */
  rebalancing: boolean;
}

/** @throws AppError BROKER_UNAVAILABLE when no broker answers */
export async function findNeighbours(
  client: KafkaClient,
  groupId: string,
  own: MemberIdentity,
  isGone: (bootId: string) => boolean,
): Promise<GroupNeighbours> {
  const described = (await describeGroup(client, groupId))?.members ?? [];
  const members = described
    .map(({ memberId, clientId, memberMetadata }) => ({
      memberId,
      identity: decodeIdentity(memberMetadata) ?? identityInClientId(clientId),
      described: memberMetadata.length > 0,
    }))
    .filter((member) => member.described || member.identity !== undefined);
  const databases = members.map(({ identity }) => identity?.databaseId ?? "unknown");
  const dead = members.filter(
    ({ identity }) => identity !== undefined && isDeadPredecessor(identity, own, isGone),
  );
  return {
    otherDatabases: [...new Set(databases)].filter((id) => id !== own.databaseId),
    deadPredecessors: dead.map(({ memberId }) => memberId),
    rebalancing: members.length < described.length,
  };
}

/**
 * Makes dead members leave, which the group would otherwise wait for until their session times
 * out; LeaveGroup takes any member's id.
 */
export async function evict(
  cluster: Cluster,
  groupId: string,
  memberIds: readonly string[],
): Promise<void> {
  if (memberIds.length === 0) return;
  const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as {
    leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  };
  for (const memberId of memberIds) {
    await coordinator.leaveGroup({ groupId, memberId }).catch(() => {});
  }
}

interface Share {
  memberId: string;
  assignment: Record<string, number[]>;
}

/** Deals partitions to members in turn; members that get none are not in the result. */
export function shareOut(
  memberIds: readonly string[],
  partitions: readonly { topic: string; partition: number }[],
): Share[] {
  const sorted = memberIds.toSorted();
  const shares = new Map<string, Record<string, number[]>>();
  partitions.forEach(({ topic, partition }, index) => {
    const memberId = sorted[index % sorted.length];
    if (memberId === undefined) return;
    const assignment = shares.get(memberId) ?? {};
    assignment[topic] = [...(assignment[topic] ?? []), partition];
    shares.set(memberId, assignment);
  });
  return [...shares].map(([memberId, assignment]) => ({ memberId, assignment }));
}

const ownMembers = (members: readonly GroupMember[], { databaseId }: MemberIdentity): string[] =>
  members
    .filter(({ memberMetadata }) => decodeIdentity(memberMetadata)?.databaseId === databaseId)
    .map(({ memberId }) => memberId);
