/**
 * The tables of a consuming service: which events it has applied, how far it has read each
 * partition of each cluster, which events it set aside, and the identity of this database.
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
    UNIQUE (clusterId, topic, partition, "offset")
  ) STRICT;
  CREATE INDEX held_events_key ON held_events (eventKey, id);

  CREATE TABLE consumer_identity (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    databaseId TEXT NOT NULL
  ) STRICT;
  INSERT INTO consumer_identity (id, databaseId) VALUES (1, lower(hex(randomblob(16))));
`;
