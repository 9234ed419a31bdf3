import { AppError } from "@order-outbox/errors";
import type { CommitQueue, Database } from "@order-outbox/sqlite";
import type { OutboxDesk, OutboxItem, OutboxState } from "../desk.ts";

const CONDITIONS: Readonly<Record<OutboxState, string>> = {
  pending: "isPublished = 0 AND parkedAt IS NULL",
  parked: "parkedAt IS NOT NULL AND discardedAt IS NULL",
  discarded: "parkedAt IS NOT NULL AND discardedAt IS NOT NULL",
  published: "isPublished = 1",
};

const COLUMNS = `id, CASE WHEN isPublished = 1 THEN 'published' WHEN discardedAt IS NOT NULL
  THEN 'discarded' WHEN parkedAt IS NOT NULL THEN 'parked' ELSE 'pending' END AS state, eventId,
  eventType, topic, partitionKey AS key, createdAt, publishedAt, parkedAt, discardedAt, attempts,
  lastError`;

/**
 * @param wake tells the relay that rows are pending again
 * @param now milliseconds since the epoch
 */
export function createOutboxDesk(
  db: Database,
  queue: CommitQueue,
  wake: () => void,
  now: () => number,
): OutboxDesk {
  const find = db.prepare<OutboxItem & { payload: string }, [number]>(
    `SELECT ${COLUMNS}, payload FROM outbox WHERE id = ?`,
  );
  const release = db.prepare<
    { id: number; eventId: string },
    [number | null, number | null, string | null, string | null]
  >(
    `UPDATE outbox SET parkedAt = NULL, attempts = 0
     WHERE parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0
       AND (? IS NULL OR id = ?) AND (? IS NULL OR partitionKey = ?)
     RETURNING id, eventId`,
  );
  const discard = db.prepare<{ eventId: string }, [string, number]>(
    `UPDATE outbox SET discardedAt = ?
     WHERE id = ? AND parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0
     RETURNING eventId`,
  );
  const audit = db.prepare<unknown, [string, string, string, string | null]>(
    "INSERT INTO operator_audit (at, action, target, reason) VALUES (?, ?, ?, ?)",
  );
  const isoNow = () => new Date(now()).toISOString();

  return {
    async list({ state, key = null, afterId = 0 }, limit) {
      const condition = state === undefined ? "true" : CONDITIONS[state];
      return db
        .query<OutboxItem, [number, string | null, string | null, number]>(
          `SELECT ${COLUMNS} FROM outbox
           WHERE ${condition} AND id > ? AND (? IS NULL OR partitionKey = ?) ORDER BY id LIMIT ?`,
        )
        .all(afterId, key, key, limit);
    },
    async find(id) {
      const row = find.get(id);
      return row === null ? undefined : { ...row, payload: JSON.parse(row.payload) };
    },
    async redrive(which) {
      const [id, key] = [which.id ?? null, which.key ?? null];
      const released = await queue.run(() => {
        const rows = release.all(id, id, key, key);
        for (const { id: outboxId, eventId } of rows) {
          audit.run(isoNow(), "REDRIVE", JSON.stringify({ outboxId, eventId }), null);
        }
        return rows.map((row) => row.id).toSorted((a, b) => a - b);
      });
      wake();
      return released;
    },
    async discard(id, reason) {
      await queue.run(() => {
        const row = discard.get(isoNow(), id);
        if (row === null) throw new AppError("NOT_FOUND", `Outbox row ${id} is not parked.`);
        const target = JSON.stringify({ outboxId: id, eventId: row.eventId });
        audit.run(isoNow(), "DISCARD", target, reason);
      });
      wake();
    },
  };
}
