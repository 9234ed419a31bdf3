import type { Clock } from "@order-outbox/errors";
import type { Log, Publisher } from "@order-outbox/kafka";
import type { Backoff } from "./backoff.ts";
import type { Lease } from "./lease.ts";
import type { OutboxObserver } from "./observer.ts";
import type { OutboxStore, RoundLimits } from "./store.ts";

/** How a relay works; times in milliseconds. */
export interface RelaySettings {
  /** `ce_source` of everything that it publishes. */
  source: string;
  /** The longest time between two looks at the table: the safety net behind `wake`. */
  pollMs: number;
  limits: RoundLimits;
  /** Delays while the broker, a partition or the database does not take what it is given. */
  backoff: Backoff;
  /** How often a record must be refused on its own before it is parked. */
  refusalsToPark: number;
  /** Time between looks at a lease that another worker has; 1,000. */
  standbyMs?: number;
}

/** What a relay needs of the world. */
export interface RelayDeps {
  store: OutboxStore;
  /** The right to publish from this outbox; without one, no other relay may exist. */
  lease?: Lease;
  /** A new publisher, and the partition counts of the topics that exist. */
  connect(): Promise<{ publisher: Publisher; partitions: ReadonlyMap<string, number> }>;
  /** Milliseconds since the epoch: for what is stored and sent. */
  now: Clock;
  /** For everything that lasts. */
  monotonic: Clock;
  /** A number in [0, 1). */
  random(): number;
  log: Log;
  /** Hears of what the broker has acknowledged. */
  onPublished?: OutboxObserver["published"] | undefined;
}

/** What a relay has done since it was created. */
export interface RelayStatus {
  /** Whether another worker has the right to publish, and this one waits to follow it. */
  standby: boolean;
  holdsLease: boolean;
  broker: "unknown" | "up" | "down";
  /** Milliseconds for which it has been that. */
  brokerForMs: number;
  published: number;
  /** Milliseconds since the last acknowledged round; null before the first. */
  sinceAckMs: number | null;
  /** Attempts in a row that ended without an answer. */
  failures: number;
  /** All attempts that ended without an answer. */
  failedAttempts: number;
  /** Times that a record was refused alone. */
  refusals: number;
  parked: number;
  lastError: string | null;
  /** Why partitions wait although the broker answers: what is wrong is none of their rows. */
  waiting: string | null;
}
