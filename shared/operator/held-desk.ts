/**
 * Why an event is set aside: `RETRYING` after a failure that may pass, `PARKED` when only an
 * operator can help (a dead letter), `BEHIND` a held event of its key, `WAITING` for a predecessor.
 */
export type HeldState = "RETRYING" | "BEHIND" | "WAITING" | "PARKED";

/** All of them, as operators are shown them. */
export const HELD_STATES = ["RETRYING", "BEHIND", "WAITING", "PARKED"] as const;

/** A held event as operators see it; times are ISO 8601, UTC. */
export interface HeldItem {
  id: number;
  state: HeldState;
  eventId: string | null;
  eventType: string | null;
  key: string | null;
  topic: string;
  partition: number;
  offset: number;
  attempts: number;
  errorCode: string;
  lastError: string;
  heldAt: string;
  nextAttemptAt: string | null;
}

export interface HeldFilter {
  state?: HeldState | undefined;
  key?: string | undefined;
  /** Only events that were held after this one. */
  afterId?: number | undefined;
}

/** Which held events to run again: one (with all of its key), a key's, or all keys with a parked one. */
export type RedriveWhich = { id: number } | { key: string } | "parked";

/** What the service itself is asked to do: it alone touches held events and offsets. */
export interface OperatorAsk {
  kind: "REDRIVE" | "DISCARD" | "RESET_OFFSET";
  /** The consumer that is to carry it out. */
  consumer: string;
  target: Record<string, unknown>;
  reason?: string;
}

/** How a request of an operator stands. */
export interface RequestItem {
  id: number;
  kind: string;
  target: unknown;
  reason: string | null;
  requestedAt: string;
  finishedAt: string | null;
  /** null while it is open. */
  outcome: Record<string, unknown> | null;
}

/** How an inbox stands. */
export interface HeldCounts {
  held: Record<HeldState, number>;
  oldestHeldAt: string | null;
  /** Events that it remembers. */
  inbox: number;
  openRequests: number;
}

/** How far a partition has been read. */
export interface ReadOffset {
  topic: string;
  partition: number;
  nextOffset: number;
}

/**
 * What an operator can do with held events and consumers; a running service carries requests out
 * within seconds. Command line, routes and whatever shows them call the same methods.
 */
export interface HeldDesk {
  counts(): Promise<HeldCounts>;
  /** What is recorded for a cluster. */
  offsets(clusterId: string): Promise<ReadOffset[]>;
  /** In the order in which they were held. */
  list(filter: HeldFilter, limit: number): Promise<HeldItem[]>;
  find(id: number): Promise<(HeldItem & { headers: unknown; payload: string | null }) | undefined>;
  /**
   * The requests that a redrive comes to: one for each key, because a key runs in order, and one for
   * each event that has no key.
   */
  planRedrive(which: RedriveWhich): Promise<OperatorAsk[]>;
  /**
   * Asks for held events to be tried again. Resolves with the requests' ids.
   *
   * @throws AppError NOT_FOUND when nothing of the kind is held
   */
  redrive(which: RedriveWhich): Promise<number[]>;
  /** @throws AppError NOT_FOUND when there is no such held event */
  discard(id: number, reason: string): Promise<number>;
  /** Says where a consumer continues in a partition. */
  resetOffset(
    consumer: string,
    place: { topic: string; partition: number; to: "earliest" | "latest" | number },
    reason: string,
  ): Promise<number>;
  /**
   * Leaves requests, all or none. One that is open already for the same target is not made twice:
   * its id is given.
   */
  ask(requests: readonly OperatorAsk[]): Promise<number[]>;
  findRequest(id: number): Promise<RequestItem | undefined>;
  /** Those of these ids that there are, by id. */
  requests(ids: readonly number[]): Promise<RequestItem[]>;
}
