import type { Database } from "bun:sqlite";
import { AppError } from "@order-outbox/errors";
import { addProducers, PRODUCERS } from "./producers-table.ts";

const SCHEMA_VERSION = 2;

/**
 * `batches.position` packs partition and offset into the row id, so that a partition is one dense
 * range of the table's own B-tree: no second index to write, and a read is a range scan.
 */
const SCHEMA = `
  CREATE TABLE broker (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    clusterId TEXT NOT NULL,
    nextProducerId INTEGER NOT NULL
  );
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    configs TEXT NOT NULL
  );
  CREATE TABLE partitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topicId INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    logStart INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topicId, partition)
  );
  CREATE TABLE batches (
    position INTEGER PRIMARY KEY,
    lastOffset INTEGER NOT NULL,
    maxTimestamp INTEGER NOT NULL,
    producerId INTEGER NOT NULL,
    producerEpoch INTEGER NOT NULL,
    baseSequence INTEGER NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE TABLE offsets (
    groupId TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    leaderEpoch INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (groupId, topic, partition)
  ) WITHOUT ROWID;
  ${PRODUCERS}
`;

/** Creates the tables of an empty file, or those that an old one lacks; refuses a file that a newer version has written. */
export function prepareSchema(db: Database, newClusterId: () => string): void {
  const { user_version: version } = db.query("PRAGMA user_version").get() as {
    user_version: number;
  };
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new AppError("STORAGE_SCHEMA_NEWER", `the broker's data has version ${version}`);
  }
  db.transaction(() => {
    if (version === 0) {
      db.run(SCHEMA);
      db.run("INSERT INTO broker VALUES (1, ?, 1)", [newClusterId()]);
    } else {
      addProducers(db);
    }
    db.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}
