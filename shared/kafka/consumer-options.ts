import type { ErrorCode } from "@order-outbox/errors";
import type { PartitionEnds } from "./partition-ends.ts";
import type { ConsumedBatch } from "./records.ts";
import type { StoppedPartition } from "./stopped-partitions.ts";

/** How to consume. The offsets are the caller's; Kafka's own are only told to it for lag displays. */
export interface ConsumerOptions {
  groupId: string;
  /**
   * The topics, each with its partition count for the case that it has to be created. Of what is
   * fetched at once, the first topic's batches are handed over first: name those first that others
   * build on.
   */
  topics: Readonly<Record<string, number>>;
  /** One group works for one database; members with another one are refused. */
  databaseId: string | (() => Promise<string>);
  /**
   * How a member that a dead process of this database left behind is told from a living one: it is
   * made to leave. Without it such a member is waited for until its session times out.
   */
  presence?: MemberPresence;
  /**
   * Where to continue in a partition of this cluster; undefined: at its beginning. Asked on every
   * assignment. Nothing is read before the answer; one that comes at once costs no wait.
   */
  startOffset(
    clusterId: string,
    topic: string,
    partition: number,
  ): number | undefined | Promise<number | undefined>;
  /**
   * Takes over a batch. May wait for room; while it waits this consumer keeps its membership.
   * When `signal` aborts, the partition may have moved, or the consumer is stopping: stop taking
   * over more of the batch.
   */
  onBatch(batch: ConsumedBatch, clusterId: string, signal: AbortSignal): Promise<void>;
  /**
   * Hears every few seconds where all partitions of the topics begin and end now, whether this
   * member reads them, another does or nobody.
   */
  onEnds?(ends: readonly PartitionEnds[], clusterId: string): void;
  /** Milliseconds without a heartbeat until the group gives this member up; 6,000. */
  sessionTimeoutMs?: number;
  /** Milliseconds between looks at a batch that could not be read; 30,000. */
  lookAgainMs?: number;
  /** How often it does what it does again and again. */
  intervals?: ConsumerIntervals;
  /** Milliseconds between attempts to reach the broker, and after a refusal by it or the group. */
  retryDelayMs?: { outage: number; occupied: number };
  /**
   * Milliseconds for which nothing of another database must have been seen in the group before a
   * member that was refused joins; 30,000.
   */
  vacantMs?: number;
}

/** In milliseconds. */
export interface ConsumerIntervals {
  /** Looks at where partitions end, and for added ones: how old what is known of them may be; 3,000. */
  endsMs?: number;
  /** Reports of offsets to Kafka; 1,000. */
  reportsMs?: number;
  /** Heartbeats, by which a member also hears that the group rebalances; 1,500. */
  heartbeatsMs?: number;
  /** How long a fetch waits at the broker for records to come, and a stop for it; 500. */
  fetchesMs?: number;
}

/** This life of a member among the others of its database. */
export interface MemberPresence {
  readonly id: string;
  /** Whether another life is known to be over. */
  isGone(id: string): boolean;
  /** Called when the group has none of the dead any more. */
  sweep(): void;
}

/** What a consumer is doing, for health checks. */
export interface ConsumerStatus {
  /** `refused`: the group works for another database, or the broker refuses what it is asked. */
  state: "starting" | "joined" | "down" | "refused" | "stopped";
  /** Why, in `down` and `refused`. */
  reason?: string;
  code?: ErrorCode;
  assigned: { topic: string; partition: number }[];
  stopped: StoppedPartition[];
}
