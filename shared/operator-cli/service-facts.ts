import type { Database } from "bun:sqlite";
import { hasOutbox, type Service, type ServiceName } from "@order-outbox/registry";
import type { TopicEnds } from "@order-outbox/topic-reader";

/** How a service stands, by its own database. Times are ISO 8601 unless they say otherwise. */
export interface ServiceFacts {
  service: ServiceName;
  database: string;
  exists: true;
  outbox: OutboxCounts | null;
  relay: RelayLease | null;
  held: Record<"RETRYING" | "BEHIND" | "WAITING" | "PARKED", number>;
  oldestHeldAt: string | null;
  inbox: number;
  /** Records that are not read yet, per consumed topic; null when the broker cannot tell. */
  lag: Record<string, number | null>;
  openRequests: number;
}

interface OutboxCounts {
  pending: number;
  oldestPendingAt: string | null;
  published: number;
  parked: number;
  discarded: number;
}

interface RelayLease {
  owner: string;
  host: string;
  pid: number;
  fencing: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Reads the facts of one service; `ends` undefined means that no broker answered. */
export function readFacts(
  db: Database,
  service: Service,
  ends: TopicEnds | undefined,
): ServiceFacts {
  const { name, database, consumes } = service;
  const states = db
    .query<{ state: keyof ServiceFacts["held"]; count: number }, []>(
      "SELECT state, count(*) AS count FROM held_events GROUP BY state",
    )
    .all();
  return {
    service: name,
    database,
    exists: true,
    outbox: hasOutbox(service) ? countOutbox(db) : null,
    relay: hasOutbox(service)
      ? db
          .query<RelayLease, []>("SELECT owner, host, pid, fencing, expiresAt FROM relay_lease")
          .get()
      : null,
    held: {
      RETRYING: 0,
      BEHIND: 0,
      WAITING: 0,
      PARKED: 0,
      ...Object.fromEntries(states.map(({ state, count }) => [state, count])),
    },
    oldestHeldAt: one<string | null>(db, "SELECT min(heldAt) AS value FROM held_events"),
    inbox: one(db, "SELECT count(*) AS value FROM inbox"),
    lag: Object.fromEntries(consumes.map((topic) => [topic, lagOf(db, topic, ends)])),
    openRequests: one(
      db,
      "SELECT count(*) AS value FROM operator_requests WHERE finishedAt IS NULL",
    ),
  };
}

function countOutbox(db: Database): OutboxCounts {
  const pending = "isPublished = 0 AND parkedAt IS NULL";
  return {
    pending: one(db, `SELECT count(*) AS value FROM outbox WHERE ${pending}`),
    oldestPendingAt: one(db, `SELECT min(createdAt) AS value FROM outbox WHERE ${pending}`),
    published: one(db, "SELECT count(*) AS value FROM outbox WHERE isPublished = 1"),
    parked: one(
      db,
      "SELECT count(*) AS value FROM outbox WHERE parkedAt IS NOT NULL AND discardedAt IS NULL",
    ),
    discarded: one(
      db,
      "SELECT count(*) AS value FROM outbox WHERE parkedAt IS NOT NULL AND discardedAt IS NOT NULL",
    ),
  };
}

function lagOf(db: Database, topic: string, ends: TopicEnds | undefined): number | null {
  const partitions = ends?.topics.get(topic);
  if (ends === undefined || partitions === undefined) return null;
  const offsets = db
    .query<{ partition: number; nextOffset: number }, [string, string]>(
      "SELECT partition, nextOffset FROM consumer_offsets WHERE clusterId = ? AND topic = ?",
    )
    .all(ends.clusterId, topic);
  const next = new Map(offsets.map(({ partition, nextOffset }) => [partition, nextOffset]));
  return partitions.reduce(
    (sum, { partition, low, high }) =>
      sum + Math.max(0, high - Math.max(low, next.get(partition) ?? low)),
    0,
  );
}

function one<Value = number>(db: Database, sql: string): Value {
  return db.query<{ value: Value }, []>(sql).get()?.value as Value;
}
