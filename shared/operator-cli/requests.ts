import type { Database } from "bun:sqlite";
import { writeAtOnce } from "@order-outbox/tool-kit";

/** What the service itself is asked to do: it alone may touch held events and offsets. */
export interface Request {
  kind: "REDRIVE" | "DISCARD" | "RESET_OFFSET";
  target: Record<string, unknown>;
  reason?: string;
}

/** A request with what became of it; `outcome` is undefined while it is open. */
export interface RequestState {
  id: number;
  kind: Request["kind"];
  target: unknown;
  finishedAt: string | null;
  outcome: Record<string, unknown> | undefined;
}

const LOOK_MS = 100;

/**
 * Puts requests into the database of the service that is to carry them out, all or none. One that
 * is open already for the same target is not made twice.
 *
 * @returns their ids, in the order of `requests`
 */
export function insertRequests(db: Database, requests: readonly Request[], at: string): number[] {
  const open = db.prepare<{ id: number; kind: string; target: string }, []>(
    "SELECT id, kind, target FROM operator_requests WHERE finishedAt IS NULL",
  );
  const insert = db.prepare<{ id: number }, [string, string, string | null, string]>(
    `INSERT INTO operator_requests (kind, target, reason, requestedAt) VALUES (?, ?, ?, ?)
     RETURNING id`,
  );
  return writeAtOnce(db, () => {
    // All at once: the service waits for the lock, however many requests there are.
    const known = new Map(open.all().map(({ id, kind, target }) => [`${kind} ${target}`, id]));
    return requests.map(({ kind, target, reason }) => {
      const text = JSON.stringify(target);
      const id =
        known.get(`${kind} ${text}`) ?? insert.get(kind, text, reason ?? null, at)?.id ?? 0;
      known.set(`${kind} ${text}`, id);
      return id;
    });
  });
}

/** Waits until the service has finished the requests, at most `timeoutMs`, and says how they stand. */
export async function awaitOutcomes(
  db: Database,
  ids: readonly number[],
  timeoutMs: number,
  onProgress: (done: number) => void = () => {},
): Promise<RequestState[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const states = readRequests(db, ids);
    const done = states.filter(({ finishedAt }) => finishedAt !== null).length;
    onProgress(done);
    if (done === states.length || performance.now() >= deadline) return states;
    await Bun.sleep(LOOK_MS);
  }
}

/** How these requests stand now. */
export function readRequests(db: Database, ids: readonly number[]): RequestState[] {
  interface Row {
    id: number;
    kind: Request["kind"];
    target: string;
    finishedAt: string | null;
    outcome: string | null;
  }
  return db
    .query<Row, [string]>(
      `SELECT id, kind, target, finishedAt, outcome FROM operator_requests
       WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
    )
    .all(JSON.stringify(ids))
    .map((row) => ({
      ...row,
      target: JSON.parse(row.target),
      outcome: row.outcome === null ? undefined : JSON.parse(row.outcome),
    }));
}
