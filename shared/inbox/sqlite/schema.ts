import type { EventMap } from "@order-outbox/events";
import { AUDIT_TABLE } from "@order-outbox/operator";

/**
 * The tables of a consuming service: which events it has applied, how far it has read each
 * partition of each cluster, which events it set aside, the identity of this database, and what
 * operators asked of it. `target` and `outcome` are JSON; see ../operator-requests.ts. They are as they
 * were at first: {@link inboxByConsumer} is a later step of the same schema.
 */
export const INBOX_TABLES = `
  CREATE TABLE inbox (
    eventId     TEXT NOT NULL PRIMARY KEY,
    eventType   TEXT NOT NULL,
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    "offset"    INTEGER NOT NULL,
    processedAt TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE consumer_offsets (
    clusterId  TEXT NOT NULL,
    topic      TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    nextOffset INTEGER NOT NULL,
    updatedAt  TEXT NOT NULL,
    PRIMARY KEY (clusterId, topic, partition)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE held_events (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    state     TEXT NOT NULL CHECK (state IN ('RETRYING', 'BEHIND', 'WAITING', 'PARKED')),
    clusterId TEXT NOT NULL,
    topic     TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset"  INTEGER NOT NULL,
    eventId   TEXT,
    eventType TEXT,
    eventKey  TEXT,
    headers   TEXT NOT NULL,
    key       BLOB,
    value     BLOB,
    errorCode TEXT NOT NULL,
    lastError TEXT NOT NULL,
    attempts  INTEGER NOT NULL,
    heldAt    TEXT NOT NULL,
    nextAttemptAt TEXT,
    UNIQUE (clusterId, topic, partition, "offset")
  ) STRICT;
  CREATE INDEX held_events_key ON held_events (eventKey, id);
  CREATE INDEX held_events_due ON held_events (nextAttemptAt) WHERE state = 'RETRYING';

  CREATE TABLE consumer_identity (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    databaseId TEXT NOT NULL
  ) STRICT;
  CREATE TABLE operator_requests (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('REDRIVE', 'DISCARD', 'RESET_OFFSET')),
    target      TEXT NOT NULL,
    reason      TEXT,
    requestedAt TEXT NOT NULL,
    finishedAt  TEXT,
    outcome     TEXT
  ) STRICT;
  CREATE INDEX operator_requests_open ON operator_requests (id) WHERE finishedAt IS NULL;

  ${AUDIT_TABLE}

  INSERT INTO consumer_identity (id, databaseId) VALUES (1, lower(hex(randomblob(16))));
`;

/** Lets held events be counted without reading their records. */
export const HELD_STATE_INDEX = "CREATE INDEX held_events_state ON held_events (state);";

/** What is known of the source of rows that were stored without one. */
const sourceOfType = (events: EventMap | undefined): string =>
  events === undefined
    ? "NULL"
    : `CASE eventType ${events.types
        .map((type) => `WHEN '${type}' THEN '${events.originOf(type).source ?? ""}'`)
        .join(" ")} END`;

/**
 * The step to keys that hold for several sources and several consumers: CloudEvents identifies an
 * event by source and id together, and two consumers of one database know nothing of each other.
 * What was applied before has the source that its type has, and was this `consumer`'s. SQLite changes
 * no primary key, so the tables are made anew.
 */
export const inboxByConsumer = (consumer: string, events?: EventMap): string => `
  CREATE TABLE inbox_by_consumer (
    eventId     TEXT NOT NULL,
    source      TEXT NOT NULL,
    consumer    TEXT NOT NULL,
    eventType   TEXT NOT NULL,
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    "offset"    INTEGER NOT NULL,
    processedAt TEXT NOT NULL,
    PRIMARY KEY (eventId, source, consumer)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO inbox_by_consumer
    (eventId, source, consumer, eventType, topic, partition, "offset", processedAt)
    SELECT eventId, coalesce(${sourceOfType(events)}, ''), '${consumer}', eventType, topic, partition,
      "offset", processedAt
    FROM inbox ORDER BY eventId;
  DROP TABLE inbox;
  ALTER TABLE inbox_by_consumer RENAME TO inbox;

  CREATE TABLE consumer_offsets_by_consumer (
    consumer   TEXT NOT NULL,
    clusterId  TEXT NOT NULL,
    topic      TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    nextOffset INTEGER NOT NULL,
    updatedAt  TEXT NOT NULL,
    PRIMARY KEY (consumer, clusterId, topic, partition)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO consumer_offsets_by_consumer
    SELECT '${consumer}', clusterId, topic, partition, nextOffset, updatedAt FROM consumer_offsets;
  DROP TABLE consumer_offsets;
  ALTER TABLE consumer_offsets_by_consumer RENAME TO consumer_offsets;

  CREATE TABLE held_events_by_consumer (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    consumer  TEXT NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('RETRYING', 'BEHIND', 'WAITING', 'PARKED')),
    clusterId TEXT NOT NULL,
    topic     TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset"  INTEGER NOT NULL,
    eventId     TEXT,
    eventSource TEXT,
    eventType   TEXT,
    eventKey    TEXT,
    headers   TEXT NOT NULL,
    key       BLOB,
    value     BLOB,
    errorCode TEXT NOT NULL,
    lastError TEXT NOT NULL,
    attempts  INTEGER NOT NULL,
    heldAt    TEXT NOT NULL,
    nextAttemptAt TEXT,
    UNIQUE (consumer, clusterId, topic, partition, "offset")
  ) STRICT;
  -- Nothing waits for a malformed event any more: it has no key.
  INSERT INTO held_events_by_consumer
    (id, consumer, state, clusterId, topic, partition, "offset", eventId, eventSource, eventType,
     eventKey, headers, key, value, errorCode, lastError, attempts, heldAt, nextAttemptAt)
    SELECT id, '${consumer}', state, clusterId, topic, partition, "offset", eventId,
      coalesce(
        iif(json_type(headers, '$.ce_source') = 'text', headers ->> '$.ce_source', NULL),
        ${sourceOfType(events)}),
      eventType, iif(errorCode = 'EVENT_MALFORMED', NULL, eventKey), headers, key, value, errorCode,
      lastError, attempts, heldAt, nextAttemptAt
    FROM held_events ORDER BY id;
  -- The numbers of those that are gone are not given again: the audit names them.
  UPDATE sqlite_sequence
    SET seq = max(seq, (SELECT seq FROM sqlite_sequence WHERE name = 'held_events'))
    WHERE name = 'held_events_by_consumer';
  INSERT INTO sqlite_sequence (name, seq)
    SELECT 'held_events_by_consumer', seq FROM sqlite_sequence
    WHERE name = 'held_events'
      AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'held_events_by_consumer');
  DROP TABLE held_events;
  ALTER TABLE held_events_by_consumer RENAME TO held_events;
  CREATE INDEX held_events_key ON held_events (eventKey, id);
  CREATE INDEX held_events_due ON held_events (nextAttemptAt) WHERE state = 'RETRYING';
  CREATE INDEX held_events_state ON held_events (state);

  -- NULL: whichever consumer there is.
  ALTER TABLE operator_requests ADD COLUMN consumer TEXT;
`;

/** All of it, as one step of a database that begins with it; like every step it is never edited. */
export const inboxSchema = (consumer: string): string => INBOX_TABLES + inboxByConsumer(consumer);
