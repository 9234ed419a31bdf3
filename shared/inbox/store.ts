import type { ErrorCode } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import type { Database, Snapshot } from "@order-outbox/sqlite";
import { keptHeaders, MAX_KEY_BYTES, type TextHeaders } from "./held-headers.ts";
import type { HeldState } from "./held-rules.ts";

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

/** The statements of an inbox; those that write belong inside a transaction. */
export interface InboxStore {
  databaseId(): string;
  /** Where to continue in a partition of a cluster; undefined when nothing is recorded. */
  nextOffset(clusterId: string, topic: string, partition: number): number | undefined;
  /** Whether offsets of other clusters are recorded, and none of this one. */
  isNewCluster(clusterId: string): boolean;
  hasApplied(event: Pick<AppliedEvent, "id" | "source">): boolean;
  /** Records an event as applied. False when it was already. */
  recordApplied(event: AppliedEvent, record: ConsumedRecord, at: string): boolean;
  /** Moves a partition's offset forward, never back. */
  advance(clusterId: string, topic: string, partition: number, next: number, at: string): void;
  /** Sets a partition's offset, back or forth: an operator's decision. */
  setOffset(clusterId: string, topic: string, partition: number, next: number, at: string): void;
  hold(clusterId: string, record: ConsumedRecord, held: EventIdentity & Holding, at: string): void;
  /**
   * The states of a key's held events, in the order in which they came. Whether anything is held at
   * all is asked once for all reads of one `snapshot`.
   */
  heldStates(eventKey: string, snapshot?: Snapshot): HeldState[];
  /** A key's held events, in the order in which they came. */
  heldOfKey(eventKey: string): HeldEvent[];
  heldById(id: number): HeldEvent | undefined;
  /** @param alone whether the event gives up its key, so that no other one waits for it */
  updateHeld(id: number, holding: Holding, alone: boolean): void;
  release(id: number): void;
  /** Keys with a retry due, by the rule of `isDue`; times are ISO 8601. The longest due come first. */
  dueKeys(now: string, furthest: string, limit: number): string[];
  /** When the next retry is due; undefined when none is planned. */
  nextDueAt(): string | undefined;
  /** Keys with events that only wait for others of their key, after `afterKey`. */
  idleKeys(afterKey: string, limit: number): string[];
  audit(at: string, action: string, target: unknown, reason: string | null): void;
  facts(): InboxFacts;
}

const HELD_STATES: readonly HeldState[] = ["RETRYING", "BEHIND", "WAITING", "PARKED"];

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
  const applied = db.prepare<{ found: number }, [string, string]>(
    "SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ?",
  );
  const insert = db.prepare<unknown, [string, string, string, string, number, number, string]>(
    `INSERT INTO inbox (eventId, source, eventType, topic, partition, "offset", processedAt)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (eventId, source) DO NOTHING`,
  );
  const advance = db.prepare<unknown, [string, string, number, number, string]>(
    `INSERT INTO consumer_offsets (clusterId, topic, partition, nextOffset, updatedAt)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (clusterId, topic, partition) DO UPDATE
       SET nextOffset = excluded.nextOffset, updatedAt = excluded.updatedAt
       WHERE excluded.nextOffset > nextOffset`,
  );
  const setOffset = db.prepare<unknown, [string, string, number, number, string]>(
    `INSERT INTO consumer_offsets (clusterId, topic, partition, nextOffset, updatedAt)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (clusterId, topic, partition) DO UPDATE
       SET nextOffset = excluded.nextOffset, updatedAt = excluded.updatedAt`,
  );
  const hold = db.prepare(
    `INSERT INTO held_events
       (state, clusterId, topic, partition, "offset", eventId, eventSource, eventType, eventKey,
        headers, key, value, errorCode, lastError, attempts, heldAt, nextAttemptAt)
     VALUES ($state, $clusterId, $topic, $partition, $offset, $eventId, $eventSource, $eventType,
        $eventKey, $headers, $key, $value, $errorCode, $lastError, $attempts, $heldAt, $nextAttemptAt)
     ON CONFLICT (clusterId, topic, partition, "offset") DO NOTHING`,
  );
  const anyHeld = db.prepare<{ found: number }, []>("SELECT 1 AS found FROM held_events LIMIT 1");
  const heldStates = db.prepare<{ state: HeldState }, [string]>(
    "SELECT state FROM held_events WHERE eventKey = ? ORDER BY id",
  );
  const heldOfKey = db.prepare<HeldRow, [string]>(
    "SELECT * FROM held_events WHERE eventKey = ? ORDER BY id",
  );
  const heldById = db.prepare<HeldRow, [number]>("SELECT * FROM held_events WHERE id = ?");
  const updateHeld = db.prepare<
    unknown,
    [string, string, string, number, string | null, boolean, number]
  >(
    `UPDATE held_events SET state = ?, errorCode = ?, lastError = ?, attempts = ?,
       nextAttemptAt = ?, eventKey = iif(?, NULL, eventKey) WHERE id = ?`,
  );
  const release = db.prepare<unknown, [number]>("DELETE FROM held_events WHERE id = ?");
  const dueKeys = db.prepare<{ eventKey: string }, [string, string, number]>(
    `SELECT eventKey FROM held_events
     WHERE state = 'RETRYING' AND (nextAttemptAt <= ? OR nextAttemptAt > ?)
     ORDER BY nextAttemptAt LIMIT ?`,
  );
  const nextDue = db.prepare<{ at: string | null }, []>(
    "SELECT min(nextAttemptAt) AS at FROM held_events WHERE state = 'RETRYING'",
  );
  const idleKeys = db.prepare<{ eventKey: string }, [string, number]>(
    `SELECT DISTINCT eventKey FROM held_events
     WHERE eventKey > ? AND state IN ('BEHIND', 'WAITING') ORDER BY eventKey LIMIT ?`,
  );
  const audit = db.prepare<unknown, [string, string, string, string | null]>(
    "INSERT INTO operator_audit (at, action, target, reason) VALUES (?, ?, ?, ?)",
  );
  const countHeld = db.prepare<{ count: number }, [string]>(
    "SELECT count(*) AS count FROM (SELECT 1 FROM held_events WHERE state = ? LIMIT 10000)",
  );

  /** The last snapshot that was found to hold nothing. */
  let empty: Snapshot | undefined;

  function holdsNothing(snapshot: Snapshot): boolean {
    if (snapshot !== empty && anyHeld.get() === null) empty = snapshot;
    return snapshot === empty;
  }

  return {
    databaseId: () => identity.get()?.databaseId ?? "",
    nextOffset: (clusterId, topic, partition) =>
      offset.get(clusterId, topic, partition)?.nextOffset,
    isNewCluster(clusterId) {
      const known = clusters.all().map((row) => row.clusterId);
      return known.length > 0 && !known.includes(clusterId);
    },
    hasApplied: ({ id, source }) => applied.get(id, source) !== null,
    recordApplied({ id, source, type }, { topic, partition, offset: at }, processedAt) {
      return insert.run(id, source, type, topic, partition, at, processedAt).changes > 0;
    },
    advance(clusterId, topic, partition, next, at) {
      advance.run(clusterId, topic, partition, next, at);
    },
    setOffset(clusterId, topic, partition, next, at) {
      setOffset.run(clusterId, topic, partition, next, at);
    },
    hold(clusterId, record, held, heldAt) {
      const { topic, partition, offset: position, value } = record;
      const headers = JSON.stringify(keptHeaders(textHeaders(record.headers)));
      const key = record.key?.subarray(0, MAX_KEY_BYTES) ?? null;
      const place = { clusterId, topic, partition, offset: position };
      hold.run({ ...place, ...held, headers, key, value, heldAt });
    },
    heldStates(eventKey, snapshot) {
      if (snapshot !== undefined && holdsNothing(snapshot)) return [];
      return heldStates.all(eventKey).map(({ state }) => state);
    },
    heldOfKey: (eventKey) => heldOfKey.all(eventKey).map(toHeldEvent),
    heldById(id) {
      const row = heldById.get(id);
      return row === null ? undefined : toHeldEvent(row);
    },
    updateHeld(id, { state, errorCode, lastError, attempts, nextAttemptAt }, alone) {
      updateHeld.run(state, errorCode, lastError, attempts, nextAttemptAt, alone, id);
    },
    release(id) {
      release.run(id);
    },
    dueKeys: (now, furthest, limit) =>
      dueKeys.all(now, furthest, limit).map(({ eventKey }) => eventKey),
    nextDueAt: () => nextDue.get()?.at ?? undefined,
    idleKeys: (after, limit) => idleKeys.all(after, limit).map(({ eventKey }) => eventKey),
    audit(at, action, target, reason) {
      audit.run(at, action, JSON.stringify(target), reason);
    },
    facts: () => ({
      held: Object.fromEntries(
        HELD_STATES.map((state) => [state, countHeld.get(state)?.count ?? 0]).filter(
          ([, count]) => count !== 0,
        ),
      ),
    }),
  };
}

interface HeldRow extends EventIdentity, Holding {
  id: number;
  clusterId: string;
  topic: string;
  partition: number;
  offset: number;
  headers: string;
  key: Uint8Array | null;
  value: Uint8Array | null;
  heldAt: string;
}

function toHeldEvent(row: HeldRow): HeldEvent {
  const { topic, partition, offset, headers, key, value, heldAt, ...held } = row;
  const bytes = (data: Uint8Array | null) => (data === null ? null : Buffer.from(data));
  return {
    ...held,
    record: {
      topic,
      partition,
      offset,
      key: bytes(key),
      value: bytes(value),
      headers: JSON.parse(headers) as ConsumedRecord["headers"],
      timestamp: Date.parse(heldAt),
      ...(row.errorCode === TOO_LARGE ? { excess: row.lastError } : {}),
    },
  };
}

/** Of such a record only the first bytes are kept. */
const TOO_LARGE = "EVENT_TOO_LARGE" satisfies ErrorCode;

/** Headers as text for the table; bytes that are not UTF-8 lose their meaning, not the record. */
function textHeaders(headers: ConsumedRecord["headers"]): TextHeaders {
  const text = (value: Buffer | string | null) => value?.toString() ?? null;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.map(text) : text(value)]],
    ),
  );
}
