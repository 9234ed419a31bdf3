/**
 * The outbox, the lease of the one relay that publishes from it (`expiresAt` in milliseconds since
 * the epoch), and the partition counts that its keys were spread over. A discarded row stays parked
 * for the record and no longer holds back its key.
 *
 * *Pending* rows are neither published nor parked; the partial indexes keep the
 * cost of finding them independent of how many published rows are kept.
 *
 * Ids are taken inside BEGIN IMMEDIATE, so their order is the order of commits and a reader can
 * never pass a row that becomes visible later.
 */
export const OUTBOX_TABLE = `
  CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    eventType    TEXT NOT NULL,
    orderId      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    isPublished  INTEGER NOT NULL DEFAULT 0 CHECK (isPublished IN (0, 1)),
    createdAt    TEXT NOT NULL,
    publishedAt  TEXT,
    eventId      TEXT NOT NULL UNIQUE,
    topic        TEXT NOT NULL,
    partitionKey TEXT NOT NULL,
    keyHash      INTEGER NOT NULL,
    traceparent  TEXT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    lastError    TEXT,
    parkedAt     TEXT,
    discardedAt  TEXT
  ) STRICT;
  CREATE INDEX outbox_pending ON outbox (id) WHERE isPublished = 0 AND parkedAt IS NULL;
  CREATE INDEX outbox_parked ON outbox (topic, partitionKey, id) WHERE parkedAt IS NOT NULL;
  CREATE INDEX outbox_order ON outbox (orderId);

  CREATE TABLE relay_lease (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    owner     TEXT NOT NULL,
    host      TEXT NOT NULL,
    pid       INTEGER NOT NULL,
    fencing   INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE published_topics (
    topic      TEXT NOT NULL PRIMARY KEY,
    partitions INTEGER NOT NULL,
    recordedAt TEXT NOT NULL
  ) STRICT;
`;
