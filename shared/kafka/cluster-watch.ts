import type { Cluster } from "kafkajs";
import type { ConnectionListener } from "./security.ts";

/**
 * Knows in which cluster a member's offsets were decided, and whether its connections still lead
 * there. A broker that lost its data, or a name that points elsewhere, answers a fetch at the old
 * offsets as soon as it has as many records; only the next heartbeat would tell that the group does
 * not know the member, and what lies before those offsets would never be read.
 */
export interface ClusterWatch {
  /** For the member's connections: only new ones can lead elsewhere. */
  readonly noteConnection: ConnectionListener;
  /** Call it whenever the member has joined, before offsets are decided. */
  noteJoin(): void;
  /** The id of the cluster in which the member last joined. */
  clusterId(): string;
  /**
   * Whether everything that was fetched until now came from that cluster. Asks the brokers only
   * when there were new connections since it last did.
   */
  isSame(): Promise<boolean>;
}

/**
 * Creates a watch for one membership.
 *
 * @param clusterOf tells kafkajs's cluster of the member's consumer, once there is one
 */
export function createClusterWatch(clusterOf: () => Cluster | undefined): ClusterWatch {
  let joinedIn = "unknown";
  let connections = 0;
  let verified = 0;
  return {
    noteConnection(change) {
      if (change === "opened") connections += 1;
    },
    noteJoin() {
      joinedIn = clusterIdOf(clusterOf());
    },
    clusterId: () => joinedIn,
    async isSame() {
      while (verified !== connections) {
        const asked = connections;
        await clusterOf()?.refreshMetadata();
        if (clusterIdOf(clusterOf()) !== joinedIn) return false;
        verified = asked;
      }
      return true;
    },
  };
}

/** The id in the metadata that kafkajs last got; it keeps it to itself. */
function clusterIdOf(cluster: Cluster | undefined): string {
  const withPool = cluster as { brokerPool?: { metadata?: { clusterId?: string } } } | undefined;
  return withPool?.brokerPool?.metadata?.clusterId ?? "unknown";
}
