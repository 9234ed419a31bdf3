import type { Database } from "bun:sqlite";
import { writeAtOnce } from "@order-outbox/tool-kit";
import type { Request } from "./requests.ts";

/** Which events are to be tried again. */
export interface RedriveFilter {
  id: number | undefined;
  key: string | undefined;
  outbox: boolean;
  held: boolean;
}

/** An outbox row that the broker refused. */
export interface ParkedRow {
  id: number;
  eventId: string;
  eventType: string;
  partitionKey: string;
}

/** The parked rows to make pending, in the order in which they will be published. */
export function findParked(db: Database, { id, key }: RedriveFilter): ParkedRow[] {
  return db
    .query<ParkedRow, { id: number | null; key: string | null }>(
      `SELECT id, eventId, eventType, partitionKey FROM outbox
       WHERE parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0
         AND ($id IS NULL OR id = $id) AND ($key IS NULL OR partitionKey = $key)
       ORDER BY id`,
    )
    .all({ id: id ?? null, key: key ?? null });
}

/**
 * The key that a held event has or, where it stands alone, claims to have. SQL.
 */
export const HELD_KEY = "coalesce(eventKey, CAST(key AS TEXT))";

/**
 * The requests that make the service run held events again: one for each key, because a key runs in
 * order, and one for each event that has no key.
 */
export function findHeld(db: Database, { id, key }: RedriveFilter): Request[] {
  const parkedOnly = id === undefined && key === undefined;
  return db
    .query<
      { eventKey: string | null; heldId: number },
      { id: number | null; key: string | null; parkedOnly: number }
    >(
      `SELECT eventKey, min(id) AS heldId FROM held_events
       WHERE ($id IS NULL OR id = $id) AND ($key IS NULL OR ${HELD_KEY} = $key)
       GROUP BY coalesce(eventKey, id), eventKey IS NULL
       HAVING NOT $parkedOnly OR sum(state = 'PARKED') > 0
       ORDER BY heldId`,
    )
    .all({ id: id ?? null, key: key ?? null, parkedOnly: Number(parkedOnly) })
    .map(({ eventKey, heldId }) => ({
      kind: "REDRIVE",
      target: eventKey === null ? { heldId } : { eventKey },
    }));
}

/**
 * Makes parked rows pending again and notes it in the audit, in one transaction. Rows that were
 * discarded or redriven meanwhile are left as they are.
 *
 * @returns the ids of the rows that are pending now
 */
export function releaseParked(db: Database, rows: readonly ParkedRow[], at: string): number[] {
  const update = db.prepare<unknown, [number]>(
    `UPDATE outbox SET parkedAt = NULL, attempts = 0
     WHERE id = ? AND parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0`,
  );
  const audit = db.prepare<unknown, [string, string]>(
    "INSERT INTO operator_audit (at, action, target) VALUES (?, 'REDRIVE', ?)",
  );
  return writeAtOnce(db, () =>
    rows.flatMap(({ id, eventId }) => {
      if (update.run(id).changes === 0) return [];
      audit.run(at, JSON.stringify({ outboxId: id, eventId }));
      return [id];
    }),
  );
}
