import type { Clock } from "@order-outbox/errors";
import type { Log } from "@order-outbox/kafka";
import type { Units } from "@order-outbox/units";
import type { RetryPolicy } from "./held-rules.ts";
import type { FollowEvent } from "./observer.ts";
import type { Progress } from "./progress.ts";
import type { ReadRules } from "./read-record.ts";
import type { RecordCommits } from "./record-commits.ts";
import type { InboxStore } from "./store.ts";

/** Counters since the start, for health and metrics. */
export interface InboxCounters {
  processed: number;
  duplicates: number;
  skipped: number;
  /** Of those skipped: events of a type that this version does not know. */
  unknown: number;
  /** Failed attempts after which an event is tried again. */
  retries: number;
  /** Events that were parked. */
  parked: number;
}

/** What the work on events needs. */
export interface WorkDeps extends ReadRules {
  store: InboxStore;
  units: Units;
  commits: RecordCommits;
  log: Log;
  /** Milliseconds since the epoch. */
  now: Clock;
  /** The clock of `nextAttemptAt`: see `steadyClock`. */
  steady: Clock;
  /** A number in [0, 1). */
  random(): number;
  /** Waits before another attempt to commit; rejects when the consumer stops. */
  pause(attempt: number): Promise<void>;
  retry: RetryPolicy;
  counters: InboxCounters;
  progress: Progress;
  /** Counts and tells of an event type that is not known here. */
  noteUnknown(type: string): void;
  follow?: FollowEvent | undefined;
  /** How many events wait for a database's own trouble to pass: the first of them says so. */
  troubled: { events: number };
}
