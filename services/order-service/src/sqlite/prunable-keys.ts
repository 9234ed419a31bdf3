import type { Database, PrunableTable } from "@order-outbox/sqlite";

/** Rows stand in the order in which they came, so the walk ends where they are young. */
export function prunableKeys(db: Database): PrunableTable<number> {
  const scan = db.prepare<{ id: number; createdAt: string }, [number, number]>(
    "SELECT id, createdAt FROM idempotency_keys WHERE id > ? ORDER BY id LIMIT ?",
  );
  const removePlaces = db.prepare<unknown, [string]>(
    `DELETE FROM idempotency_index WHERE (key, id) IN
       (SELECT key, id FROM idempotency_keys WHERE id IN (SELECT value FROM json_each(?)))`,
  );
  const remove = db.prepare<unknown, [string]>(
    "DELETE FROM idempotency_keys WHERE id IN (SELECT value FROM json_each(?))",
  );
  return {
    table: "idempotency_keys",
    scan(after = 0, before, limit) {
      const rows = scan.all(after, limit);
      const old = rows.filter(({ createdAt }) => createdAt <= before).map(({ id }) => id);
      const more = rows.length === limit && old.length > 0;
      return { old, last: more ? rows.at(-1)?.id : undefined };
    },
    remove(ids) {
      const listed = JSON.stringify(ids);
      removePlaces.run(listed);
      return remove.run(listed).changes;
    },
  };
}
