import { Database } from "bun:sqlite";
import { pause } from "./part.ts";

/** What an outbox's own times say about its draining. */
export interface Drain {
  rows: number;
  seconds: number;
  rate: number;
}

const LOOK_MS = 200;

/** Waits until nothing is pending in an outbox. */
export async function waitUntilPublished(
  database: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (oldestPending(database) === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`events were still pending after ${timeoutMs / 1000} s`);
    }
    await pause(LOOK_MS, signal);
  }
}

/**
 * The rate at which rows after `afterId` were published, by the times in the table itself, so that
 * measuring costs the relay nothing: from the first mark to the last, without the rows of the first.
 */
export function measureDrain(database: string, afterId = 0): Drain {
  using db = new Database(database, { readonly: true });
  const row = db
    .query<{ first: string; last: string; total: number; atFirst: number }, [number]>(
      `WITH rows AS MATERIALIZED (
         SELECT publishedAt FROM outbox WHERE id > ? AND isPublished = 1
       ), ends AS (
         SELECT min(publishedAt) AS first, max(publishedAt) AS last, count(*) AS total FROM rows
       )
       SELECT first, last, total,
              (SELECT count(*) FROM rows WHERE publishedAt = ends.first) AS atFirst
       FROM ends`,
    )
    .get(afterId);
  if (row === null) return { rows: 0, seconds: 0, rate: Number.NaN };
  const seconds = (Date.parse(row.last) - Date.parse(row.first)) / 1000;
  const rows = row.total - row.atFirst;
  return { rows, seconds, rate: rows / seconds };
}

function oldestPending(database: string): number {
  using db = new Database(database, { readonly: true });
  db.run("PRAGMA busy_timeout = 5000");
  const row = db
    .query<{ id: number }, []>(
      "SELECT id FROM outbox WHERE isPublished = 0 AND parkedAt IS NULL ORDER BY id LIMIT 1",
    )
    .get();
  return row?.id ?? 0;
}
