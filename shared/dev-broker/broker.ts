import type { GroupCoordinator, OffsetStore } from "./groups/mod.ts";
import type { TopicCatalog } from "./log/topic-catalog.ts";
import type { CommitQueue } from "./storage/commit-queue.ts";
import type { Store } from "./storage/store.ts";

/** The only node of the cluster: leader of every partition, controller, every coordinator. */
export const NODE_ID = 1;

/** What the handlers of requests work with. */
export interface Broker {
  readonly store: Store;
  readonly commits: CommitQueue;
  readonly topics: TopicCatalog;
  readonly groups: GroupCoordinator;
  readonly offsets: OffsetStore;
  /** Where clients are told to connect to. */
  readonly advertised: { readonly host: string; readonly port: number };
  /** Partitions of a topic that is made on first use; null when none is. */
  readonly autoCreatePartitions: number | null;
  /** Partitions of a topic whose creator leaves the number to the broker. */
  readonly defaultPartitions: number;
  /** Tells the operator about something that clients cannot. */
  warn(message: string, error: unknown): void;
}
