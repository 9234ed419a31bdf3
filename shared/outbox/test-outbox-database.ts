import type { OutboxDesk } from "@order-outbox/operator";
import type { Prunable } from "@order-outbox/units";
import type { NewRow } from "./publish.ts";
import type { OutboxConnection, OutboxReader } from "./store.ts";

/** A database with an empty outbox, for the contract suites. */
export interface OutboxDatabase extends AsyncDisposable {
  /** Another connection, as each relay has one; it ends with the database. */
  connect(): Promise<OutboxConnection>;
  /** Commits rows as they are, in this order, and gives their ids. */
  append(rows: readonly NewRow[]): Promise<number[]>;
  /** What follows has a connection of its own. */
  reader: OutboxReader;
  openDesk(wake: () => void, now: () => number): OutboxDesk;
  /** What may be pruned. */
  settled: Prunable;
  /**
   * A program that connects, takes the lease as process 1 of host "same" for a minute, says "owner",
   * and lives until it is killed.
   */
  owner: readonly string[];
}

/** Opens an outbox of one kind for each of a suite's tests. */
export type OpenOutboxDatabase = () => Promise<OutboxDatabase>;

/** A row of the topic "t", unless something else is said. */
export const newRow = (key: string, row: Partial<NewRow> = {}): NewRow => ({
  eventId: crypto.randomUUID(),
  eventType: "ORDER_CREATED",
  topic: "t",
  subject: key,
  partitionKey: key,
  payload: "{}",
  createdAt: "2026-01-01T00:00:00.000Z",
  ...row,
});
