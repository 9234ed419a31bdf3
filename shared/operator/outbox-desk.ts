/** Where an outbox row stands. */
export type OutboxState = "pending" | "parked" | "discarded" | "published";

/** An outbox row as operators see it; times are ISO 8601, UTC. */
export interface OutboxItem {
  id: number;
  state: OutboxState;
  eventId: string;
  eventType: string;
  topic: string;
  key: string;
  createdAt: string;
  publishedAt: string | null;
  parkedAt: string | null;
  discardedAt: string | null;
  attempts: number;
  lastError: string | null;
}

export interface OutboxFilter {
  state?: OutboxState | undefined;
  key?: string | undefined;
  /** Only rows after this id. */
  afterId?: number | undefined;
}

/** Which parked rows: those of one id, of one key, or all. */
export interface ParkedFilter {
  id?: number | undefined;
  key?: string | undefined;
}

/** Which published rows: one, those of a key, or one and all later ones. */
export type PublishedFilter = { id: number } | { key: string } | { fromId: number };

/** A row as readers would get it, for the question whether they would take it. */
export interface StoredRow {
  eventType: string;
  topic: string;
  subject: string;
  partitionKey: string;
  /** JSON. */
  payload: string;
}

/** How a long piece of work is done. */
export interface InSteps {
  /** Rows in a transaction; 500 when left out. */
  rows?: number;
  /** Between two of them, so that others can write; 20 ms when left out. */
  pause?: () => Promise<void>;
  /** Told after each step how many rows are done, of how many. */
  onProgress?: (done: number, of: number) => void;
}

/** How many rows are in which state, and who publishes. */
export interface OutboxCounts {
  pending: number;
  oldestPendingAt: string | null;
  published: number;
  parked: number;
  discarded: number;
}

/** The lease of the one relay that publishes. */
export interface RelayOwner {
  owner: string;
  host: string;
  pid: number;
  fencing: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/**
 * What an operator can do with an outbox, whether its service runs or not. Command line, routes and
 * whatever shows them call the same methods; each decision is audited in its own transaction.
 */
export interface OutboxDesk {
  counts(): Promise<OutboxCounts>;
  relay(): Promise<RelayOwner | undefined>;
  /** In id order. */
  list(filter: OutboxFilter, limit: number): Promise<OutboxItem[]>;
  find(id: number): Promise<(OutboxItem & { payload: unknown }) | undefined>;
  /** What {@link OutboxDesk.redrive} would take, in the order in which it would be published. */
  parked(which: ParkedFilter): Promise<OutboxItem[]>;
  /**
   * Makes parked rows pending again; the relay publishes them in id order. Resolves with their ids.
   */
  redrive(which: ParkedFilter): Promise<number[]>;
  /**
   * Gives a parked row up for good, so that its key's later rows go on.
   *
   * @throws AppError NOT_FOUND unless the row is parked
   */
  discard(id: number, reason: string): Promise<OutboxItem>;
  countPublished(which: PublishedFilter): Promise<number>;
  /**
   * Makes published rows pending again, upward by id, so that a relay that publishes meanwhile keeps
   * the order of each key. Consumers skip what they know.
   *
   * @param faultOf why readers would refuse a row; undefined when they would not
   * @returns how many rows are pending again
   * @throws AppError EVENT_MALFORMED at a row that readers would refuse: neither it nor later ones
   *   are touched
   */
  republish(
    which: PublishedFilter,
    reason: string,
    faultOf: (row: StoredRow) => string | undefined,
    steps?: InSteps,
  ): Promise<number>;
  countPublishedBefore(time: string): Promise<number>;
  /** Deletes rows that were published before `time` (ISO 8601); gives how many. */
  prune(time: string, steps?: InSteps): Promise<number>;
  /**
   * Accepts that a topic has another number of partitions, which moves keys to other ones.
   *
   * @returns how many it had before
   * @throws AppError NOT_FOUND when nothing was published to it yet
   */
  acceptPartitions(topic: string, partitions: number, reason: string): Promise<number>;
}
