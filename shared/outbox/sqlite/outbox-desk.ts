import { AppError } from "@order-outbox/errors";
import {
  type OutboxCounts,
  type OutboxDesk,
  type OutboxItem,
  type OutboxState,
  type ParkedFilter,
  prepareAudit,
  type RelayOwner,
} from "@order-outbox/operator";
import type { Database, Write } from "@order-outbox/sqlite";
import { pruneSettled } from "./prune-settled.ts";
import { republishRows } from "./republish-rows.ts";

const CONDITIONS: Readonly<Record<OutboxState, string>> = {
  pending: "isPublished = 0 AND parkedAt IS NULL",
  parked: "parkedAt IS NOT NULL AND discardedAt IS NULL AND isPublished = 0",
  discarded: "parkedAt IS NOT NULL AND discardedAt IS NOT NULL",
  published: "isPublished = 1",
};

const COLUMNS = `id, CASE WHEN isPublished = 1 THEN 'published' WHEN discardedAt IS NOT NULL
  THEN 'discarded' WHEN parkedAt IS NOT NULL THEN 'parked' ELSE 'pending' END AS state, eventId,
  eventType, topic, partitionKey AS key, createdAt, publishedAt, parkedAt, discardedAt, attempts,
  lastError`;

/** What a desk works on. */
export interface OutboxDeskOptions {
  db: Database;
  /** `queue.run` in the service itself, `writeAlone(db)` beside it. */
  write: Write;
  /** Tells the relay that rows are pending; without it the relay's next poll finds them. */
  wake?: () => void;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** The operator's desk of an outbox in SQLite. */
export function createOutboxDesk({ db, write, wake, now }: OutboxDeskOptions): OutboxDesk {
  const find = db.prepare<OutboxItem & { payload: string }, [number]>(
    `SELECT ${COLUMNS}, payload FROM outbox WHERE id = ?`,
  );
  type Which = { id: number | null; key: string | null };
  const WHICH = `${CONDITIONS.parked} AND ($id IS NULL OR id = $id)
    AND ($key IS NULL OR partitionKey = $key)`;
  const parked = db.prepare<OutboxItem, Which>(
    `SELECT ${COLUMNS} FROM outbox WHERE ${WHICH} ORDER BY id`,
  );
  const release = db.prepare<{ id: number; eventId: string }, Which>(
    `UPDATE outbox SET parkedAt = NULL, attempts = 0 WHERE ${WHICH} RETURNING id, eventId`,
  );
  const discard = db.prepare<OutboxItem, [string, number]>(
    `UPDATE outbox SET discardedAt = ? WHERE id = ? AND ${CONDITIONS.parked} RETURNING ${COLUMNS}`,
  );
  const audit = prepareAudit(db);
  const at = () => new Date(now()).toISOString();
  const whichOf = ({ id, key }: ParkedFilter): Which => ({ id: id ?? null, key: key ?? null });
  const republication = republishRows(db, write, audit, at);
  const pruning = pruneSettled(db, write, audit, at);

  return {
    ...pruning,
    countPublished: republication.count,
    async counts() {
      const count = (state: OutboxState) =>
        `(SELECT count(*) FROM outbox WHERE ${CONDITIONS[state]}) AS ${state}`;
      const counts = db
        .query<OutboxCounts, []>(
          `SELECT ${count("pending")}, ${count("published")}, ${count("parked")},
             ${count("discarded")},
             (SELECT min(createdAt) FROM outbox WHERE ${CONDITIONS.pending}) AS oldestPendingAt`,
        )
        .get();
      return counts as OutboxCounts;
    },
    async relay() {
      const lease = "SELECT owner, host, pid, fencing, expiresAt FROM relay_lease";
      return db.query<RelayOwner, []>(lease).get() ?? undefined;
    },
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
    parked: async (which) => parked.all(whichOf(which)),
    async redrive(which) {
      const released = await write(() => {
        const rows = release.all(whichOf(which));
        for (const { id: outboxId, eventId } of rows) {
          audit({ at: at(), action: "REDRIVE", target: { outboxId, eventId }, reason: null });
        }
        return rows.map((row) => row.id).toSorted((a, b) => a - b);
      });
      wake?.();
      return released;
    },
    async discard(id, reason) {
      const discarded = await write(() => {
        const row = discard.get(at(), id);
        if (row === null) throw new AppError("NOT_FOUND", `Outbox row ${id} is not parked.`);
        const target = { outboxId: id, eventId: row.eventId };
        audit({ at: at(), action: "DISCARD", target, reason });
        return row;
      });
      wake?.();
      return discarded;
    },
    async republish(...of) {
      const rows = await republication.run(...of);
      wake?.();
      return rows;
    },
    acceptPartitions: (topic, partitions, reason) =>
      write(() => {
        const known = db
          .query<{ partitions: number }, [string]>(
            "SELECT partitions FROM published_topics WHERE topic = ?",
          )
          .get(topic);
        if (known === null) {
          throw new AppError("NOT_FOUND", `Nothing was published to ${topic} yet.`);
        }
        db.query<unknown, [number, string, string]>(
          "UPDATE published_topics SET partitions = ?, recordedAt = ? WHERE topic = ?",
        ).run(partitions, at(), topic);
        const target = { topic, from: known.partitions, to: partitions };
        audit({ at: at(), action: "ACCEPT_PARTITIONS", target, reason });
        return known.partitions;
      }),
  };
}
