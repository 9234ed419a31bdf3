import type { ConsumedRecord } from "@order-outbox/kafka";
import type { Database } from "@order-outbox/sqlite";

/** An event that is set aside, with all that is needed to work on it later. */
export interface HeldEvent {
  state: "RETRYING" | "BEHIND" | "WAITING" | "PARKED";
  eventId: string | null;
  eventType: string | null;
  eventKey: string | null;
  errorCode: string;
  lastError: string;
  attempts: number;
}

/** What health checks and operators want to know of an inbox. */
export interface InboxFacts {
  held: Partial<Record<HeldEvent["state"], number>>;
}

/** The statements of an inbox; those that write belong inside a transaction. */
export interface InboxStore {
  databaseId(): string;
  /** Where to continue in a partition of a cluster; undefined when nothing is recorded. */
  nextOffset(clusterId: string, topic: string, partition: number): number | undefined;
  /** Whether offsets of other clusters are recorded, and none of this one. */
  isNewCluster(clusterId: string): boolean;
  hasApplied(eventId: string): boolean;
  /** Records an event as applied. False when it was already. */
  recordApplied(eventId: string, eventType: string, record: ConsumedRecord, at: string): boolean;
  /** Moves a partition's offset forward, never back. */
  advance(clusterId: string, topic: string, partition: number, next: number, at: string): void;
  /** Whether an event of this key is set aside. */
  isHeld(eventKey: string): boolean;
  hold(clusterId: string, record: ConsumedRecord, held: HeldEvent, at: string): void;
  facts(): InboxFacts;
}

/** Prepares the statements on the service's own connection. */
export function createInboxStore(db: Database): InboxStore {
  const identity = db.prepare<{ databaseId: string }, []>(
    "SELECT databaseId FROM consumer_identity WHERE id = 1",
  );
  const offset = db.prepare<{ nextOffset: number }, [string, string, number]>(
    "SELECT nextOffset FROM consumer_offsets WHERE clusterId = ? AND topic = ? AND partition = ?",
  );
  const clusters = db.prepare<{ clusterId: string }, []>(
    "SELECT DISTINCT clusterId FROM consumer_offsets",
  );
  const applied = db.prepare<{ found: number }, [string]>(
    "SELECT 1 AS found FROM inbox WHERE eventId = ?",
  );
  const insert = db.prepare<unknown, [string, string, string, number, number, string]>(
    `INSERT INTO inbox (eventId, eventType, topic, partition, "offset", processedAt)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (eventId) DO NOTHING`,
  );
  const advance = db.prepare<unknown, [string, string, number, number, string]>(
    `INSERT INTO consumer_offsets (clusterId, topic, partition, nextOffset, updatedAt)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (clusterId, topic, partition) DO UPDATE
       SET nextOffset = excluded.nextOffset, updatedAt = excluded.updatedAt
       WHERE excluded.nextOffset > nextOffset`,
  );
  const heldKey = db.prepare<{ found: number }, [string]>(
    "SELECT 1 AS found FROM held_events WHERE eventKey = ? LIMIT 1",
  );
  const hold = db.prepare(
    `INSERT INTO held_events
       (state, clusterId, topic, partition, "offset", eventId, eventType, eventKey, headers, key,
        value, errorCode, lastError, attempts, heldAt)
     VALUES ($state, $clusterId, $topic, $partition, $offset, $eventId, $eventType, $eventKey,
        $headers, $key, $value, $errorCode, $lastError, $attempts, $heldAt)
     ON CONFLICT (clusterId, topic, partition, "offset") DO NOTHING`,
  );
  const states = db.prepare<{ state: HeldEvent["state"]; count: number }, []>(
    "SELECT state, count(*) AS count FROM held_events GROUP BY state",
  );

  return {
    databaseId: () => identity.get()?.databaseId ?? "",
    nextOffset: (clusterId, topic, partition) =>
      offset.get(clusterId, topic, partition)?.nextOffset,
    isNewCluster(clusterId) {
      const known = clusters.all().map((row) => row.clusterId);
      return known.length > 0 && !known.includes(clusterId);
    },
    hasApplied: (eventId) => applied.get(eventId) !== null,
    recordApplied(eventId, eventType, { topic, partition, offset: at }, processedAt) {
      return insert.run(eventId, eventType, topic, partition, at, processedAt).changes > 0;
    },
    advance(clusterId, topic, partition, next, at) {
      advance.run(clusterId, topic, partition, next, at);
    },
    isHeld: (eventKey) => heldKey.get(eventKey) !== null,
    hold(clusterId, record, held, heldAt) {
      const { topic, partition, offset: position, key, value } = record;
      const headers = JSON.stringify(textHeaders(record.headers));
      const place = { clusterId, topic, partition, offset: position };
      hold.run({ ...place, ...held, headers, key, value, heldAt });
    },
    facts: () => ({
      held: Object.fromEntries(states.all().map(({ state, count }) => [state, count])),
    }),
  };
}

/** Headers as text for the table; bytes that are not UTF-8 lose their meaning, not the record. */
function textHeaders(headers: ConsumedRecord["headers"]): Record<string, string | string[]> {
  const text = (value: Buffer | string) => value.toString();
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.map(text) : text(value)]],
    ),
  );
}
