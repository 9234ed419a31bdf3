import type { AuditEntry, OutboxDesk } from "@order-outbox/operator";
import type { Database, Write } from "@order-outbox/sqlite";

const STEP_ROWS = 500;
const PAUSE_MS = 20;
const OLD = "isPublished = 1 AND publishedAt < $time";

/** Published rows that an operator deletes, in steps; see `OutboxDesk`. */
export function pruneSettled(
  db: Database,
  write: Write,
  audit: (entry: AuditEntry) => void,
  at: () => string,
): Pick<OutboxDesk, "countPublishedBefore" | "prune"> {
  const found = db.prepare<{ rows: number; lastId: number }, { time: string }>(
    `SELECT count(*) AS rows, coalesce(max(id), 0) AS lastId FROM outbox WHERE ${OLD}`,
  );
  const next = db.prepare<
    { id: number },
    { time: string; after: number; last: number; limit: number }
  >(`SELECT id FROM outbox WHERE id > $after AND id <= $last AND ${OLD} ORDER BY id LIMIT $limit`);
  const remove = db.prepare<unknown, [string]>(
    "DELETE FROM outbox WHERE isPublished = 1 AND id IN (SELECT value FROM json_each(?))",
  );

  return {
    async countPublishedBefore(time) {
      return found.get({ time })?.rows ?? 0;
    },
    async prune(time, steps = {}) {
      const { rows: limit = STEP_ROWS, pause = () => Bun.sleep(PAUSE_MS), onProgress } = steps;
      const { rows, lastId } = found.get({ time }) ?? { rows: 0, lastId: 0 };
      const target = { publishedBefore: time, rows };
      let deleted = 0;
      for (let after = 0; after < lastId; ) {
        // Chosen outside of the transaction, so that the lock is held for the deletion alone.
        const ids = next.all({ time, after, last: lastId, limit }).map(({ id }) => id);
        const last = ids.at(-1);
        if (last === undefined) break;
        deleted += await write(() => {
          if (after === 0) {
            audit({ at: at(), action: "PRUNE_OUTBOX", target, reason: null });
          }
          return remove.run(JSON.stringify(ids)).changes;
        });
        after = last;
        onProgress?.(deleted, rows);
        await pause();
      }
      return deleted;
    },
  };
}
