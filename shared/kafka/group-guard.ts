import { type Assigner, AssignerProtocol, type Cluster, type GroupMember } from "kafkajs";
import type { KafkaClient } from "./client.ts";
import { withAdmin } from "./topics.ts";

/** Who a member of a consumer group works for; travels in its group metadata. */
export interface MemberIdentity {
  databaseId: string;
}

/** What the guard learns of the cluster each time this member joins its group. */
export interface ClusterView {
  clusterId(): string;
}

/**
 * An assigner that hands partitions, round robin, only to members with the database of the group's
 * leader. Two databases behind one group would each see half of the events and call it everything.
 */
export function createGuardedAssigner(
  identity: MemberIdentity,
  onCluster: (view: ClusterView) => void,
): (config: { cluster: Cluster }) => Assigner {
  const name = "one-database-round-robin";
  const version = 0;
  return ({ cluster }) => {
    onCluster({ clusterId: () => clusterIdOf(cluster) });
    return {
      name,
      version,
      protocol: ({ topics }) => ({
        name,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version,
          topics,
          userData: Buffer.from(JSON.stringify(identity)),
        }),
      }),
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

/**
 * The databases, other than `identity`'s, for which live members of the group work.
 *
 * @throws AppError BROKER_UNAVAILABLE when no broker answers
 */
export async function findOtherDatabases(
  client: KafkaClient,
  groupId: string,
  identity: MemberIdentity,
): Promise<string[]> {
  const { groups } = await withAdmin(client, (admin) => admin.describeGroups([groupId]));
  const databases = groups.flatMap(({ members }) =>
    members.map(({ memberMetadata }) => identityOf(memberMetadata)?.databaseId ?? "unknown"),
  );
  return [...new Set(databases)].filter((id) => id !== identity.databaseId);
}

/** The identity in a member's group metadata; undefined for a member that carries none. */
export function identityOf(memberMetadata: Buffer): MemberIdentity | undefined {
  if (memberMetadata.length === 0) return undefined;
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(memberMetadata) ?? {};
    const parsed: unknown = JSON.parse(userData?.toString("utf8") ?? "");
    return isIdentity(parsed) ? { databaseId: parsed.databaseId } : undefined;
  } catch {
    return undefined;
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

const ownMembers = (members: readonly GroupMember[], identity: MemberIdentity): string[] =>
  members
    .filter(({ memberMetadata }) => identityOf(memberMetadata)?.databaseId === identity.databaseId)
    .map(({ memberId }) => memberId);

const isIdentity = (value: unknown): value is MemberIdentity =>
  typeof value === "object" &&
  value !== null &&
  "databaseId" in value &&
  typeof value.databaseId === "string";

// The metadata is refreshed whenever this member joins as leader, so it is the joined cluster's.
function clusterIdOf(cluster: Cluster): string {
  const pool = (cluster as Cluster & { brokerPool?: { metadata?: { clusterId?: string } } })
    .brokerPool;
  return pool?.metadata?.clusterId ?? "unknown";
}
