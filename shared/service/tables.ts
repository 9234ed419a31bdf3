import type { AppError, Clock } from "@order-outbox/errors";
import type { InboxStore } from "@order-outbox/inbox";
import type { HeldDesk, OutboxDesk } from "@order-outbox/operator";
import type { OutboxReader } from "@order-outbox/outbox";
import type { Tracing } from "@order-outbox/telemetry";
import type { Prunable, Units } from "@order-outbox/units";

/**
 * The tables of a service in one kind of database: all that `runService` knows of it. SQLite's are
 * made by `sqliteTables`.
 */
export interface Tables<Stores> {
  /**
   * Connects, and brings the tables up to date.
   *
   * @throws AppError `STORAGE_…`, retryable when trying again can help
   */
  open(options: OpenTablesOptions): ServiceDatabase<Stores> | Promise<ServiceDatabase<Stores>>;
}

/** What the tables of a service are opened for. */
export interface OpenTablesOptions {
  /** The service, whose name is that of its consumer group. */
  service: string;
  /** Where the database is. */
  database: string;
  /** Whether there is an outbox among the tables. */
  publishes: boolean;
  /** Whether there is an inbox among the tables. */
  consumes: boolean;
  /** Milliseconds since the epoch, for what is stored. */
  now: Clock;
  /** How many units may wait for their commit. */
  limit?: number | undefined;
  /** Hears of every commit. */
  onCommit?(units: number, durationMs: number): void;
  tracing?: Pick<Tracing, "traceCommits"> | undefined;
}

/** The database of a running service. */
export interface ServiceDatabase<Stores> {
  /** What use cases and routes read. */
  readonly stores: Stores;
  /** Where everything is written. */
  readonly units: Units;
  /** How many units wait for their commit. */
  waiting(): number;
  /** Why nothing can be written now, as far as can be told without writing. */
  trouble(): AppError | undefined;
  /** The outbox of a service that publishes. */
  readonly outbox?: OutboxTables;
  /** The inbox of a service that consumes. */
  readonly inbox?: InboxTables;
  /** Refuses new units, and resolves when those that wait are settled. */
  finish(): Promise<void>;
  /** Ends the connection, when everything else has ended. */
  close(): void | Promise<void>;
}

/** An outbox, as its service uses it. */
export interface OutboxTables {
  /** The entry file of the thread that publishes. */
  readonly worker: URL;
  readonly reader: OutboxReader;
  /** Rows that may be pruned. */
  readonly settled: Prunable;
  /** @param wake called when rows are pending again */
  desk(wake: () => void): OutboxDesk;
}

/** An inbox, as its service uses it. */
export interface InboxTables {
  readonly store: InboxStore;
  readonly desk: HeldDesk;
}
