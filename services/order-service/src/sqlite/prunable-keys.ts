import type { Database, PrunableTable } from "@order-outbox/sqlite";

/** Where a key stands in the order of age. */
export interface AgedKey {
  createdAt: string;
  key: string;
}

export function prunableKeys(db: Database): PrunableTable<AgedKey> {
  const scan = db.prepare<
    AgedKey,
    { createdAt: string; key: string; before: string; limit: number }
  >(
    `SELECT createdAt, key FROM idempotency_keys
     WHERE createdAt <= $before AND (createdAt, key) > ($createdAt, $key)
     ORDER BY createdAt, key LIMIT $limit`,
  );
  // A key may have been used again since it was looked at.
  const remove = db.prepare<unknown, { keys: string; before: string }>(
    `DELETE FROM idempotency_keys
     WHERE key IN (SELECT value FROM json_each($keys)) AND createdAt <= $before`,
  );
  return {
    table: "idempotency_keys",
    scan(after = { createdAt: "", key: "" }, before, limit) {
      const old = scan.all({ ...after, before, limit });
      return { old, last: old.length === limit ? old.at(-1) : undefined };
    },
    remove: (aged, before) =>
      remove.run({ keys: JSON.stringify(aged.map(({ key }) => key)), before }).changes,
  };
}
