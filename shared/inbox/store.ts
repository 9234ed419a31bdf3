import type { ConsumedRecord, MemberPresence } from "@order-outbox/kafka";
import type { AuditEntry, HeldState } from "@order-outbox/operator";
import type { Prunable } from "@order-outbox/units";

/** Which event a record is, as far as that can be told. */
export interface EventIdentity {
  eventId: string | null;
  /** `ce_source`: with the id it identifies an event. */
  eventSource: string | null;
  eventType: string | null;
  eventKey: string | null;
}

/** An event as the inbox remembers it. */
export interface AppliedEvent {
  id: string;
  source: string;
  type: string;
}

/** Why and since when an event is set aside. */
export interface Holding {
  state: HeldState;
  errorCode: string;
  lastError: string;
  attempts: number;
  /** ISO 8601; only of `RETRYING`. */
  nextAttemptAt: string | null;
}

/** An event that is set aside, with the record it came in. */
export interface HeldEvent extends EventIdentity, Holding {
  id: number;
  clusterId: string;
  record: ConsumedRecord;
}

/** What health checks and operators want to know of an inbox. */
export interface InboxFacts {
  /** Counted up to 10,000 each. */
  held: Partial<Record<HeldState, number>>;
}

/** What the database knows of an event that arrives. */
export interface KnownOfEvent {
  applied: boolean;
  /** The states of its key's held events, in the order in which they came. */
  held: HeldState[];
}

/**
 * What an operator asks of a running service, as a row that any process may write:
 *
 * - `REDRIVE` with target `{"eventKey": "…"}` or `{"heldId": 1}`
 * - `DISCARD` with target `{"heldId": 1}` and a reason
 * - `RESET_OFFSET` with target `{"topic": "…", "partition": 0, "to": "earliest" | "latest" | 42}`
 *
 * The service works on them in order and writes `finishedAt` and `outcome` (JSON).
 */
export interface OperatorRequest {
  id: number;
  kind: "REDRIVE" | "DISCARD" | "RESET_OFFSET";
  target: string;
  reason: string | null;
}

/**
 * What one consumer reads of its database, and what is written at an operator's word; what events
 * change is written by effects. Every method is a transaction of its own.
 */
export interface InboxStore {
  /** The consumer group, whose name is part of all keys: several can share one database. */
  readonly consumer: string;
  /** Shows other processes that this one is there, where a store can: a dead one's place is free. */
  holdPresence?(): MemberPresence & { end(): void };
  databaseId(): Promise<string>;
  /**
   * Where to continue in a partition of a cluster; undefined when nothing is recorded. A store that
   * answers at once spares the partition a wait when it is assigned.
   */
  nextOffset(
    clusterId: string,
    topic: string,
    partition: number,
  ): number | undefined | Promise<number | undefined>;
  /** Whether offsets of other clusters are recorded, and none of this one. */
  isNewCluster(clusterId: string): Promise<boolean>;
  /** Sets a partition's offset, back or forth: an operator's decision. */
  setOffset(
    clusterId: string,
    topic: string,
    partition: number,
    next: number,
    at: string,
  ): Promise<void>;
  /**
   * Reads of one turn of the event loop are made together. A store that answers at once spares every
   * event a wait.
   */
  lookUp(
    event: Pick<AppliedEvent, "id" | "source">,
    eventKey: string,
  ): KnownOfEvent | Promise<KnownOfEvent>;
  /** What this consumer remembers as applied, to be forgotten when it is old. */
  readonly appliedEvents: Prunable;
  /** The states of a key's held events, in the order in which they came. */
  heldStates(eventKey: string): HeldState[] | Promise<HeldState[]>;
  /** A key's held events, in the order in which they came. */
  heldOfKey(eventKey: string): Promise<HeldEvent[]>;
  heldById(id: number): Promise<HeldEvent | undefined>;
  /**
   * Gives a held event up for good, with its entry in the audit.
   *
   * @param applied remembered as applied, so that it never takes effect when it is read again
   */
  discard(held: HeldEvent, applied: AppliedEvent | undefined, audit: AuditEntry): Promise<void>;
  audit(entry: AuditEntry): Promise<void>;
  /** Keys with a retry due, by the rule of `isDue`; times are ISO 8601. The longest due come first. */
  dueKeys(now: string, furthest: string, limit: number): Promise<string[]>;
  /** When the next retry is due; undefined when none is planned. */
  nextDueAt(): Promise<string | undefined>;
  /** Keys with events that only wait for others of their key, after `afterKey`. */
  idleKeys(afterKey: string, limit: number): Promise<string[]>;
  /** Whether requests of operators may have come since it last said so; errs to the safe side. */
  mayHaveRequests(): boolean;
  /** The oldest request that is open. */
  nextRequest(): Promise<OperatorRequest | undefined>;
  /**
   * Notes what became of an open request.
   *
   * @throws AppError NOT_FOUND when this consumer has no open request of that id
   */
  finishRequest(id: number, outcome: unknown, at: string): Promise<void>;
  /** As of the last look, which is not long ago. */
  facts(): InboxFacts;
}
