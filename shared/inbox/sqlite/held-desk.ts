import { AppError } from "@order-outbox/errors";
import type { CommitQueue, Database } from "@order-outbox/sqlite";
import type { HeldDesk, HeldItem, RequestItem } from "../desk.ts";

/** The key that a held event has or, where it stands alone, claims to have. */
const KEY = "coalesce(eventKey, CAST(key AS TEXT))";

const COLUMNS = `id, state, eventId, eventType, ${KEY} AS key, topic, partition, "offset",
  attempts, errorCode, lastError, heldAt, nextAttemptAt`;

/** @param now milliseconds since the epoch */
export function createHeldDesk(db: Database, queue: CommitQueue, now: () => number): HeldDesk {
  const find = db.prepare<HeldItem & { headers: string; value: Uint8Array | null }, [number]>(
    `SELECT ${COLUMNS}, headers, value FROM held_events WHERE id = ?`,
  );
  const consumerOf = db.prepare<{ consumer: string }, [number]>(
    "SELECT consumer FROM held_events WHERE id = ?",
  );
  const consumerOfKey = db.prepare<{ consumer: string }, [string]>(
    "SELECT consumer FROM held_events WHERE eventKey = ? ORDER BY id LIMIT 1",
  );
  const insert = db.prepare<{ id: number }, [string, string, string, string | null, string]>(
    `INSERT INTO operator_requests (consumer, kind, target, reason, requestedAt)
     VALUES (?, ?, ?, ?, ?) RETURNING id`,
  );
  const request = db.prepare<
    Omit<RequestItem, "target" | "outcome"> & { target: string; outcome: string | null },
    [number]
  >("SELECT * FROM operator_requests WHERE id = ?");

  function ask(
    kind: string,
    target: object,
    reason: string | null,
    find: () => { consumer: string } | null,
  ) {
    return queue.run(() => {
      const held = find();
      if (held === null) throw new AppError("NOT_FOUND", "There is no such held event.");
      const at = new Date(now()).toISOString();
      return insert.get(held.consumer, kind, JSON.stringify(target), reason, at)?.id as number;
    });
  }

  return {
    async list({ state = undefined, key = undefined, afterId = 0 }, limit) {
      const [byState, byKey] = [state ?? null, key ?? null];
      return db
        .query<
          HeldItem,
          [number, string | null, string | null, string | null, string | null, number]
        >(
          `SELECT ${COLUMNS} FROM held_events
           WHERE id > ? AND (? IS NULL OR state = ?) AND (? IS NULL OR ${KEY} = ?)
           ORDER BY id LIMIT ?`,
        )
        .all(afterId, byState, byState, byKey, byKey, limit);
    },
    async find(id) {
      const row = find.get(id);
      if (row === null) return undefined;
      const { headers, value, ...item } = row;
      const payload = value === null ? null : Buffer.from(value).toString();
      return { ...item, headers: JSON.parse(headers), payload };
    },
    redrive: (which) =>
      "id" in which
        ? ask("REDRIVE", { heldId: which.id }, null, () => consumerOf.get(which.id))
        : ask("REDRIVE", { eventKey: which.key }, null, () => consumerOfKey.get(which.key)),
    discard: (id, reason) => ask("DISCARD", { heldId: id }, reason, () => consumerOf.get(id)),
    async findRequest(id) {
      const row = request.get(id);
      if (row === null) return undefined;
      const { target, outcome, ...item } = row;
      return {
        ...item,
        target: JSON.parse(target),
        outcome: outcome === null ? null : JSON.parse(outcome),
      };
    },
  };
}
