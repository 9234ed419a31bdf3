/** A row that was published, as far as its trace goes. */
export interface PublishedRow {
  id: number;
  eventId: string;
  eventType: string;
  partitionKey: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** The W3C trace context of its cause. */
  traceparent: string | null;
}

/** The rows of one partition that the broker has acknowledged; times in ms since the epoch. */
export interface PublishedBatch {
  topic: string;
  partition: number;
  rows: readonly PublishedRow[];
  sentAt: number;
  acknowledgedAt: number;
}

/** Follows what an outbox worker publishes, in the worker's thread. */
export interface OutboxObserver {
  /** Called between two rounds: it has to be quick, and what it throws is the relay's failure. */
  published(batch: PublishedBatch): void;
  /** Called when the relay has ended; the worker ends when this resolves. */
  stop(): Promise<void>;
}
