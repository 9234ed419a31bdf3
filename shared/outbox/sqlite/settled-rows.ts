import { type CommitQueue, type Database, prunableTable } from "@order-outbox/sqlite";
import type { Prunable } from "@order-outbox/units";

const SETTLED = `
  (isPublished = 1 AND parkedAt IS NULL AND publishedAt < $before)
  OR (discardedAt IS NOT NULL AND discardedAt < $before)`;

/**
 * The rows of an outbox that may be pruned when they are old: those that are published or discarded,
 * never one that is pending or parked. Their ids are in the order of creation, so a walk ends where
 * the young rows begin.
 *
 * @param queue through which everything else writes to the database
 */
export function settledRows(db: Database, queue: CommitQueue): Prunable<number> {
  const scan = db.prepare<
    { id: number; old: number | null; young: number },
    { after: number; before: string; limit: number }
  >(
    `SELECT id, (${SETTLED}) AS old, createdAt >= $before AS young
     FROM outbox WHERE id > $after ORDER BY id LIMIT $limit`,
  );
  const remove = db.prepare<unknown, { ids: string; before: string }>(
    `DELETE FROM outbox WHERE id IN (SELECT value FROM json_each($ids)) AND (${SETTLED})`,
  );
  return prunableTable(queue, {
    table: "outbox",
    scan(after = 0, before, limit) {
      const rows = scan.all({ after, before, limit });
      const more = rows.length === limit && rows.some(({ young }) => young === 0);
      return {
        old: rows.filter(({ old }) => old === 1).map(({ id }) => id),
        last: more ? rows.at(-1)?.id : undefined,
      };
    },
    remove: (ids, before) => remove.run({ ids: JSON.stringify(ids), before }).changes,
  });
}
