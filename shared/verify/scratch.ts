import { constants, Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { databaseName, SERVICES } from "@order-outbox/registry";
import { databasePath, requireToRead, UserError } from "@order-outbox/tool-kit";

/** A database of our own in the system's temporary folder, beside which the others are attached. */
export interface Scratch extends Disposable {
  readonly db: Database;
  /** Attaches a file that has the table for reading under a name. */
  attach(name: string, path: string, table?: string): void;
}

/**
 * Tables for what is read from the topics and the ledgers. `told` and `sent` say for each order what
 * notification-service has recorded and what the channels have sent. `lateCreatedAt` is when the last
 * channel told of the creation, when that was not at once with the first.
 */
const TABLES = `
  CREATE TABLE records (
    topic TEXT, partition INTEGER, "offset" INTEGER, eventId TEXT, type TEXT, key TEXT,
    source TEXT, sequence INTEGER, timestamp INTEGER,
    PRIMARY KEY (topic, partition, "offset")
  ) WITHOUT ROWID;
  CREATE TABLE partitions (
    topic TEXT, partition INTEGER, low INTEGER, high INTEGER, nextOffset INTEGER,
    firstSequence INTEGER, firstAt TEXT,
    PRIMARY KEY (topic, partition)
  ) WITHOUT ROWID;
  CREATE TABLE charges (
    id INTEGER PRIMARY KEY, key TEXT, orderId TEXT, amount REAL, outcome TEXT, transactionId TEXT
  );
  CREATE TABLE sent (
    orderId TEXT PRIMARY KEY, EMAIL INTEGER, SMS INTEGER, PUSH INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE told (
    orderId TEXT PRIMARY KEY, created INTEGER, results INTEGER, createdRows INTEGER,
    resultRows INTEGER, lastCreated INTEGER, firstResult INTEGER, lateCreatedAt TEXT,
    firstResultAt TEXT
  ) WITHOUT ROWID;
`;

/** To be created when the tables are filled, which is faster than keeping them up to date. */
export const INDEXES = `
  CREATE INDEX IF NOT EXISTS records_event ON records (eventId);
  CREATE INDEX IF NOT EXISTS records_key ON records (topic, key, eventId, type);
  CREATE INDEX IF NOT EXISTS charges_order ON charges (orderId);
`;

const { SQLITE_OPEN_CREATE, SQLITE_OPEN_READWRITE, SQLITE_OPEN_URI } = constants;

/** Makes a scratch database with every service's database attached, by its name. */
export function openScratch(dataDir: string): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "order-outbox-verify-"));
  const db = new Database(
    join(folder, "scratch.db"),
    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
  );
  const scratch: Scratch = {
    db,
    attach(name, path, table = "sqlite_schema") {
      const url = `${pathToFileURL(resolve(path)).href}?mode=ro`;
      try {
        db.query(`ATTACH ? AS ${name}`).run(url);
        db.query(`SELECT 1 FROM ${name}.${table} LIMIT 1`).get();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new UserError(`${path} cannot be read: ${message}`);
      }
    },
    [Symbol.dispose]() {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    db.run("PRAGMA busy_timeout = 5000");
    // Nobody needs this file after a crash.
    db.run("PRAGMA journal_mode = OFF");
    db.run("PRAGMA synchronous = OFF");
    db.run("PRAGMA cache_size = -65536");
    db.run(TABLES);
    for (const service of SERVICES) {
      requireToRead(dataDir, service).close();
      scratch.attach(databaseName(service), databasePath(dataDir, service));
    }
    return scratch;
  } catch (error) {
    scratch[Symbol.dispose]();
    throw error;
  }
}
