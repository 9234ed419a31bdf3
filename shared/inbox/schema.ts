import { EVENTS, type EventType, originOf } from "@order-outbox/contracts";

/**
 * The tables of a consuming service: which events it has applied, how far it has read each
 * partition of each cluster, which events it set aside, the identity of this database, and what
 * operators asked of it. `target` and `outcome` are JSON; see operator-requests.ts. They are as they
 * were at first: {@link INBOX_BY_SOURCE} is a later step of the same schema.
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

  CREATE TABLE operator_audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT
  ) STRICT;

  INSERT INTO consumer_identity (id, databaseId) VALUES (1, lower(hex(randomblob(16))));
`;

/** Lets held events be counted without reading their records. */
export const HELD_STATE_INDEX = "CREATE INDEX held_events_state ON held_events (state);";

const SOURCE_OF_TYPE = `CASE eventType ${Object.keys(EVENTS)
  .map((type) => `WHEN '${type}' THEN '${originOf(type as EventType).source}'`)
  .join(" ")} END`;

/**
 * CloudEvents identifies an event by source and id together, so the inbox's key has both. What was
 * applied before has the source that its type has. SQLite changes no primary key: the table is made
 * anew, and another column in its key will be such a step, too.
 */
export const INBOX_BY_SOURCE = `
  CREATE TABLE inbox_by_source (
    eventId     TEXT NOT NULL,
    source      TEXT NOT NULL,
    eventType   TEXT NOT NULL,
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    "offset"    INTEGER NOT NULL,
    processedAt TEXT NOT NULL,
    PRIMARY KEY (eventId, source)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO inbox_by_source (eventId, source, eventType, topic, partition, "offset", processedAt)
    SELECT eventId, coalesce(${SOURCE_OF_TYPE}, ''), eventType, topic, partition, "offset", processedAt
    FROM inbox ORDER BY eventId;
  DROP TABLE inbox;
  ALTER TABLE inbox_by_source RENAME TO inbox;

  ALTER TABLE held_events ADD COLUMN eventSource TEXT;
  UPDATE held_events SET eventSource = coalesce(
    iif(json_type(headers, '$.ce_source') = 'text', headers ->> '$.ce_source', NULL),
    ${SOURCE_OF_TYPE});
  -- Nothing waits for a malformed event any more.
  UPDATE held_events SET eventKey = NULL WHERE errorCode = 'EVENT_MALFORMED';
`;

/** All of it, as one step of a database that begins with it; like every step it is never edited. */
export const INBOX_SCHEMA = INBOX_TABLES + INBOX_BY_SOURCE;
