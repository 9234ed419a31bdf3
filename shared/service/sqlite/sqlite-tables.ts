import { createHeldDesk, createInboxStore, inboxWriters } from "@order-outbox/inbox";
import {
  createOutboxDesk,
  createOutboxReader,
  outboxWriter,
  settledRows,
} from "@order-outbox/outbox";
import {
  type CommitQueue,
  closeDatabase,
  createCommitQueue,
  type Database,
  type Migration,
  openMigrated,
  sqlWriter,
  type Writer,
} from "@order-outbox/sqlite";
import type { OpenTablesOptions, ServiceDatabase, Tables } from "../tables.ts";

/** The tables of a service in a SQLite file. */
export interface SqliteTablesOptions<Stores> {
  /**
   * How the file came to be; append, never edit. An inbox brings its tables by `inboxSchema`, an
   * outbox by `OUTBOX_TABLE`, and where there is no inbox also by `AUDIT_TABLE`.
   */
  migrations: readonly Migration[];
  /**
   * Who writes the service's own tables, in the order in which they are written. Left out, plain `sql`
   * effects do.
   */
  writers?(db: Database): readonly Writer[];
  /**
   * What the service reads of them; left out, nothing.
   *
   * @param queue through which everything writes; reads of one turn share a transaction of it
   */
  stores?(db: Database, queue: CommitQueue): Stores;
}

/** What {@link SqliteTables} are opened for. */
export interface OpenSqliteOptions extends OpenTablesOptions {
  /** Milliseconds that another connection's lock is waited for; see `createCommitQueue`. */
  busyMs?: number;
}

/** Tables in a SQLite file, which is there at once. */
export interface SqliteTables<Stores> extends Tables<Stores> {
  open(options: OpenSqliteOptions): SqliteDatabase<Stores>;
}

/** An open SQLite file, with what tests and tools look at in it. */
export interface SqliteDatabase<Stores> extends ServiceDatabase<Stores> {
  readonly db: Database;
  readonly queue: CommitQueue;
}

/**
 * Describes the tables of a service in SQLite. One unit of work writes them in this order: the
 * service's own, its outbox, what its inbox remembers, and the offsets last.
 */
export function sqliteTables<Stores = Record<never, never>>(
  tables: SqliteTablesOptions<Stores>,
): SqliteTables<Stores> {
  return { open: (options) => openTables(tables, options) };
}

function openTables<Stores>(
  { migrations, writers, stores }: SqliteTablesOptions<Stores>,
  { service, database, publishes, consumes, now, tracing, ...limits }: OpenSqliteOptions,
): SqliteDatabase<Stores> {
  const db = openMigrated(database, migrations);
  const own = [...(writers?.(db) ?? [sqlWriter(db)]), ...(publishes ? [outboxWriter(db)] : [])];
  const written = consumes ? inboxWriters(db, own) : { writers: own };
  const commits = createCommitQueue(db, { ...written, ...limits });
  const queue = tracing?.traceCommits(commits) ?? commits;
  return {
    db,
    queue,
    units: queue,
    stores: stores?.(db, queue) ?? ({} as Stores),
    waiting: () => queue.size,
    trouble: queue.trouble,
    ...(publishes && {
      outbox: {
        worker: new URL("./outbox-worker.ts", import.meta.url),
        reader: createOutboxReader(db),
        settled: settledRows(db, queue),
        desk: (wake: () => void) => createOutboxDesk({ db, write: queue.run, wake, now }),
      },
    }),
    ...(consumes && {
      inbox: {
        store: createInboxStore(db, queue, service, now),
        desk: createHeldDesk({ db, write: queue.run, now }),
      },
    }),
    finish: queue.close,
    close: () => closeDatabase(db),
  };
}
