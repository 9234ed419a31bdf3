import type { LeaseRecord } from "./lease.ts";

/** How much one round may carry. */
export interface RoundLimits {
  /** Rows in all. */
  rows: number;
  /** Bytes in all, as the broker gets them; a single larger row still goes, alone. */
  bytes: number;
}

/** A pending row, as the relay reads it. */
export interface PendingRow {
  id: number;
  eventId: string;
  eventType: string;
  subject: string;
  topic: string;
  partitionKey: string;
  keyHash: number;
  payload: string;
  createdAt: string;
  traceparent: string | null;
}

/** A partition whose rows wait. */
export interface HeldPartition {
  topic: string;
  partition: number;
}

/** What the relay reads and writes of an outbox. Every method is a transaction of its own. */
export interface OutboxStore {
  /**
   * Pending rows in id order: of these topics (with their partition counts), not of a held
   * partition, not behind a parked row of their key, and none of `except`, which are on their way.
   * Ends with `limits.rows`, or with the row after those whose payloads come to more characters than
   * `limits.bytes`: more than a round carries, and one that tells that something was left out.
   */
  readPending(
    topics: ReadonlyMap<string, number>,
    held: readonly HeldPartition[],
    limits: RoundLimits,
    except?: readonly number[],
  ): Promise<PendingRow[]>;
  /**
   * Marks rows published, all or none. False, and none, when `fencing` is given and the lease has
   * changed hands since.
   */
  markPublished(ids: readonly number[], at: string, fencing?: number): Promise<boolean>;
  /** Charges a refusal to one row, and parks it when `parkedAt` is given. */
  chargeRefusal(id: number, error: string, parkedAt: string | null): Promise<void>;
  /** How often the broker has refused this row. */
  attemptsOf(id: number): Promise<number>;
  /** The oldest pending row that is not behind a parked one of its key; undefined: none. */
  oldestPending(): Promise<number | undefined>;
  /**
   * Records the partition counts of topics that have none yet, and gives all that are recorded.
   *
   * @param at ISO 8601
   */
  recordPartitions(
    found: ReadonlyMap<string, number>,
    at: string,
  ): Promise<ReadonlyMap<string, number>>;
}

/** What health checks and operators want to know of an outbox. */
export interface OutboxFacts {
  /** ISO time of the oldest pending row that is not behind a parked one of its key; null: none. */
  oldestPendingAt: string | null;
  parked: number;
}

/** Looks at an outbox, for health checks and metrics. */
export interface OutboxReader {
  /** Cheap. */
  facts(): Promise<OutboxFacts>;
  /** How many rows are pending, counted up to 100,000: more would take too long. */
  countPending(): Promise<number>;
}

/** The life of one relay, as far as others on its database can see it. */
export interface RelayPresence {
  /** Of this life alone. */
  readonly id: string;
  /** Whether another's life is known to be over; one of which nothing is known is not. */
  isGone(id: string): boolean | Promise<boolean>;
  /** Removes what lives that are over have left. */
  sweep(): void | Promise<void>;
}

/** The database of an outbox, as one relay is connected to it. */
export interface OutboxConnection {
  store: OutboxStore;
  lease: LeaseRecord;
  presence: RelayPresence;
  /** Ends the connection and the presence. */
  close(): Promise<void>;
}

/** Connects to the database of an outbox, which is there and migrated; says where it is by a string. */
export type OpenOutbox = (database: string) => Promise<OutboxConnection>;
