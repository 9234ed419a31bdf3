import type { Database } from "@order-outbox/sqlite";
import type { LeaseRecord, LeaseRow } from "../lease.ts";
import { attempt } from "./attempt.ts";

type Values = [owner: string, host: string, pid: number, fencing: number, expiresAt: number];

/** The record of the lease in a service's database. */
export function createLeaseRecord(db: Database): LeaseRecord {
  const read = db.prepare<LeaseRow, []>(
    "SELECT owner, host, pid, fencing, expiresAt FROM relay_lease WHERE id = 1",
  );
  const insert = db.prepare<unknown, Values>(
    `INSERT INTO relay_lease (id, owner, host, pid, fencing, expiresAt) VALUES (1, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const update = db.prepare<unknown, [...Values, string, number, number]>(
    `UPDATE relay_lease SET owner = ?, host = ?, pid = ?, fencing = ?, expiresAt = ?
     WHERE owner = ? AND fencing = ? AND expiresAt = ?`,
  );
  const giveBack = db.prepare<unknown, [string]>(
    "UPDATE relay_lease SET expiresAt = 0 WHERE owner = ?",
  );
  return {
    read: () => attempt("cannot read the lease", () => read.get() ?? undefined),
    replace: (seen, { owner, host, pid, fencing, expiresAt }) =>
      attempt("cannot write", () => {
        const values: Values = [owner, host, pid, fencing, expiresAt];
        const { changes } =
          seen === undefined
            ? insert.run(...values)
            : update.run(...values, seen.owner, seen.fencing, seen.expiresAt);
        return changes > 0;
      }),
    async giveBack(owner) {
      await attempt("cannot write", () => giveBack.run(owner));
    },
  };
}
