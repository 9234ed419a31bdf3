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

/** What an operator may do with an outbox while its service runs. */
export interface OutboxDesk {
  /** In id order. */
  list(filter: OutboxFilter, limit: number): Promise<OutboxItem[]>;
  find(id: number): Promise<(OutboxItem & { payload: unknown }) | undefined>;
  /**
   * Makes parked rows pending again, all of them or those of one id or key; the relay publishes
   * them in id order. Resolves with their ids.
   */
  redrive(which: { id?: number | undefined; key?: string | undefined }): Promise<number[]>;
  /**
   * Gives a parked row up for good, so that its key's later rows go on.
   *
   * @throws AppError NOT_FOUND unless the row is parked
   */
  discard(id: number, reason: string): Promise<void>;
}
