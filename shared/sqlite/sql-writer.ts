import type { Database } from "bun:sqlite";
import { DONE, type Outcome, sql } from "@order-outbox/units";
import { type Writer, writerOf } from "./unit-writers.ts";

/** Writes the statements of `sql` effects, for tables that have no writer of their own. */
export function sqlWriter(db: Database): Writer {
  return writerOf(sql, (statements) =>
    statements.map(({ statement, parameters = [], rows }): Outcome<number> => {
      const { changes } = db.query(statement).run(...parameters);
      return rows === undefined || rows === changes ? DONE : { status: "refused", found: changes };
    }),
  );
}
