import { AppError } from "@order-outbox/errors";
import type { AuditEntry, OutboxDesk, PublishedFilter, StoredRow } from "@order-outbox/operator";
import type { Database, Write } from "@order-outbox/sqlite";

const STEP_ROWS = 500;
const PAUSE_MS = 20;

/** The published rows that a filter takes. `orderId` has an index; in an outbox of ours it is the key. */
const MATCHING = `isPublished = 1 AND ($id IS NULL OR id = $id)
  AND ($key IS NULL OR (orderId = $key AND partitionKey = $key))`;

type Which = { id: number | null; key: string | null };

/** Published rows that are published again, in steps; see `OutboxDesk`. */
export function republishRows(
  db: Database,
  write: Write,
  audit: (entry: AuditEntry) => void,
  at: () => string,
): { count: OutboxDesk["countPublished"]; run: OutboxDesk["republish"] } {
  const found = db.prepare<{ rows: number; lastId: number }, Which & { from: number }>(
    `SELECT count(*) AS rows, coalesce(max(id), 0) AS lastId FROM outbox
     WHERE id >= $from AND ${MATCHING}`,
  );
  const next = db.prepare<
    StoredRow & { id: number },
    Which & { from: number; to: number; limit: number }
  >(
    `SELECT id, eventType, topic, orderId AS subject, partitionKey, payload FROM outbox
     WHERE id >= $from AND id <= $to AND ${MATCHING} ORDER BY id LIMIT $limit`,
  );
  const release = db.prepare<unknown, [string]>(
    `UPDATE outbox SET isPublished = 0, publishedAt = NULL
     WHERE isPublished = 1 AND id IN (SELECT value FROM json_each(?))`,
  );

  return {
    async count(which) {
      return found.get(rangeOf(which))?.rows ?? 0;
    },
    async run(which, reason, faultOf, steps = {}) {
      const { rows: limit = STEP_ROWS, pause = () => Bun.sleep(PAUSE_MS), onProgress } = steps;
      const { from: first, ...filter } = rangeOf(which);
      const { rows, lastId } = found.get({ from: first, ...filter }) ?? { rows: 0, lastId: 0 };
      const target = { ...which, toId: lastId, rows };
      let pending = 0;
      for (let from = first; from <= lastId && rows > 0; ) {
        const step = next.all({ from, to: lastId, limit, ...filter });
        const last = step.at(-1);
        if (last === undefined) break;
        requireSound(step, faultOf);
        pending += await write(() => {
          if (pending === 0) audit({ at: at(), action: "REPUBLISH", target, reason });
          return release.run(JSON.stringify(step.map(({ id }) => id))).changes;
        });
        from = last.id + 1;
        onProgress?.(pending, rows);
        await pause();
      }
      return pending;
    },
  };
}

function rangeOf(which: PublishedFilter): Which & { from: number } {
  return {
    id: "id" in which ? which.id : null,
    key: "key" in which ? which.key : null,
    from: "fromId" in which ? which.fromId : 0,
  };
}

function requireSound(
  rows: readonly (StoredRow & { id: number })[],
  faultOf: (row: StoredRow) => string | undefined,
): void {
  for (const { id, ...row } of rows) {
    const fault = faultOf(row);
    if (fault === undefined) continue;
    throw new AppError(
      "EVENT_MALFORMED",
      `outbox row ${id} is not published again, readers would refuse it: ${fault}`,
    );
  }
}
