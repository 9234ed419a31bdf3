import type { Database } from "bun:sqlite";
import type { AuditEntry } from "../audit.ts";

/** Where decisions of operators are kept; rows are never changed. */
export const AUDIT_TABLE = `CREATE TABLE operator_audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT
  ) STRICT;`;

/** Writes entries; call it within the transaction of what they tell. */
export function prepareAudit(db: Database): (entry: AuditEntry) => void {
  const insert = db.prepare<unknown, [string, string, string, string | null]>(
    "INSERT INTO operator_audit (at, action, target, reason) VALUES (?, ?, ?, ?)",
  );
  return ({ at, action, target, reason }) => {
    insert.run(at, action, JSON.stringify(target), reason);
  };
}
