import type { Database } from "@order-outbox/sqlite";
import type { OutboxReader } from "../store.ts";
import { attempt } from "./attempt.ts";
import { OLDEST } from "./outbox-store.ts";

/** How far pending rows are counted: more of them would keep the thread too long. */
const PENDING_COUNT_LIMIT = 100_000;

/** Looks at the outbox of a service's database, on any connection. */
export function createOutboxReader(db: Database): OutboxReader {
  const oldest = db.prepare<{ createdAt: string }, []>(`SELECT createdAt ${OLDEST}`);
  const parked = db.prepare<{ parked: number }, []>(
    "SELECT count(*) AS parked FROM outbox WHERE parkedAt IS NOT NULL AND discardedAt IS NULL",
  );
  const count = db.prepare<{ pending: number }, []>(
    `SELECT count(*) AS pending FROM
       (SELECT 1 FROM outbox WHERE isPublished = 0 AND parkedAt IS NULL
        LIMIT ${PENDING_COUNT_LIMIT})`,
  );
  return {
    facts: () =>
      attempt("cannot read the outbox", () => ({
        oldestPendingAt: oldest.get()?.createdAt ?? null,
        parked: parked.get()?.parked ?? 0,
      })),
    countPending: () => attempt("cannot read the outbox", () => count.get()?.pending ?? 0),
  };
}
