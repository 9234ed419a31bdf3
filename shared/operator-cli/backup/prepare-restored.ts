import { Database } from "bun:sqlite";
import { EVENTS } from "@order-outbox/contracts";
import { faultOfStored, type StoredEvent } from "@order-outbox/events";
import { prepareAudit } from "@order-outbox/operator";
import { hasOutbox, type Service } from "@order-outbox/registry";
import { UserError } from "@order-outbox/tool-kit";

/** How far beyond a copy the numbers go on when it is not known how many were given since. */
const SAFE_GAP = 1_000_000_000;

/** What the copy is told before it becomes a service's database. */
export interface Restoration {
  /** ISO 8601. */
  at: string;
  reason: string;
  from: string;
  /** ISO 8601; when the copy was made. */
  copiedAt: string;
  /** The database that the copy takes the place of, as far as there is a readable one. */
  present: Database | undefined;
}

/**
 * Makes a copy the next database of its service: it keeps a note of it in the audit, and numbers its
 * next events beyond those that were numbered after the copy, so that no `ce_sequence` of a topic
 * is given twice and first deliveries go on rising. What waits in it and is no event that readers
 * take is parked.
 *
 * @returns how many numbers are left out
 * @throws UserError when it is not a database of this service
 */
export function prepareRestored(path: string, service: Service, given: Restoration): number {
  using db = new Database(path, { readwrite: true, strict: true });
  requireTables(db, service);
  return db.transaction(() => {
    const skipped = hasOutbox(service) ? continueNumbering(db, given.present) : 0;
    if (hasOutbox(service)) giveBackLease(db);
    const parkedOutboxIds = hasOutbox(service) ? parkUnsound(db, given.at) : [];
    const { from, copiedAt } = given;
    const target = { from, copiedAt, skippedOutboxIds: skipped, parkedOutboxIds };
    prepareAudit(db)({ at: given.at, action: "RESTORE", target, reason: given.reason });
    return skipped;
  })();
}

/** The copy has the lease of whoever published while it was made; its successor would wait for that. */
function giveBackLease(db: Database): void {
  db.run("UPDATE relay_lease SET expiresAt = 0");
}

/** Parks what waits to be published and is no event that readers take. */
function parkUnsound(db: Database, at: string): number[] {
  const park = db.prepare("UPDATE outbox SET parkedAt = ?, lastError = ? WHERE id = ?");
  return db
    .query<StoredEvent & { id: number }, []>(
      `SELECT id, eventType, topic, orderId AS subject, partitionKey, payload FROM outbox
       WHERE isPublished = 0 AND parkedAt IS NULL ORDER BY id`,
    )
    .all()
    .flatMap(({ id, ...row }) => {
      const fault = faultOfStored(EVENTS, row);
      if (fault === undefined) return [];
      park.run(at, fault, id);
      return [id];
    });
}

/** The highest id that an outbox ever gave; also when its rows were pruned. */
function lastOutboxId(db: Database): number {
  const sql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";
  return db.query<{ seq: number }, []>(sql).get()?.seq ?? 0;
}

/** An empty database that took the place of a lost one knows nothing of the lost one's numbers. */
function isSuccessor(present: Database, db: Database): boolean {
  const identityOf = (one: Database) =>
    tablesOf(one).includes("consumer_identity")
      ? one.query("SELECT databaseId FROM consumer_identity").values()[0]?.[0]
      : undefined;
  return identityOf(present) === identityOf(db);
}

function continueNumbering(db: Database, present: Database | undefined): number {
  const own = lastOutboxId(db);
  const known = present !== undefined && isSuccessor(present, db);
  const last = Math.max(own, known ? lastOutboxId(present) : own + SAFE_GAP);
  if (last === own) return 0;
  db.run("DELETE FROM sqlite_sequence WHERE name = 'outbox'");
  db.query<unknown, [number]>("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)").run(
    last,
  );
  return last - own;
}

function requireTables(db: Database, { name, tables: own }: Service): void {
  const wanted = [...own, "consumer_identity", "operator_audit"];
  const tables = tablesOf(db);
  const missing = wanted.filter((table) => !tables.includes(table));
  if (missing.length === 0) return;
  throw new UserError(`this is no database of ${name}: it has no table ${missing.join(", ")}`);
}

/** Views, too: what was a table in an old copy may be one now. */
function tablesOf(db: Database): string[] {
  return db
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
    .all()
    .map(({ name }) => name);
}
