import {
  type CommitQueue,
  type Database,
  type PrunableTable,
  prunableTable,
} from "@order-outbox/sqlite";
import { type KeepOptions, type Pruner, startAgePruner } from "@order-outbox/units";

/** How long an outbox keeps its settled rows; for ever, as an audit trail, without `keepMs`. */
export interface OutboxPruneOptions extends Omit<KeepOptions<number>, "target"> {
  db: Database;
  queue: CommitQueue;
}

/** Prunes the outbox of `db`: published and discarded rows, never one that is pending or parked. */
export function startOutboxPruner({ db, queue, ...options }: OutboxPruneOptions): Pruner {
  return startAgePruner({ ...options, target: prunableTable(queue, prunableOutbox(db)) });
}

const SETTLED = `
  (isPublished = 1 AND parkedAt IS NULL AND publishedAt < $before)
  OR (discardedAt IS NOT NULL AND discardedAt < $before)`;

/** The ids are in the order of creation, so a walk ends where the young rows begin. */
export function prunableOutbox(db: Database): PrunableTable<number> {
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
  return {
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
  };
}
