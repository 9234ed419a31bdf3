import { AppError } from "@order-outbox/errors";
import type { CommitQueue, Database } from "@order-outbox/sqlite";
import type { HeldState } from "./held-rules.ts";

/** A held event as operators see it; times are ISO 8601, UTC. */
export interface HeldItem {
  id: number;
  state: HeldState;
  eventId: string | null;
  eventType: string | null;
  key: string | null;
  topic: string;
  partition: number;
  offset: number;
  attempts: number;
  errorCode: string;
  lastError: string;
  heldAt: string;
  nextAttemptAt: string | null;
}

export interface HeldFilter {
  state?: HeldState | undefined;
  key?: string | undefined;
  /** Only events that were held after this one. */
  afterId?: number | undefined;
}

/** How a request of an operator stands. */
export interface RequestItem {
  id: number;
  kind: string;
  target: unknown;
  reason: string | null;
  requestedAt: string;
  finishedAt: string | null;
  outcome: unknown;
}

/** What an operator may do with held events; the service carries requests out within seconds. */
export interface HeldDesk {
  /** In the order in which they were held. */
  list(filter: HeldFilter, limit: number): HeldItem[];
  find(id: number): (HeldItem & { headers: unknown; payload: string | null }) | undefined;
  /**
   * Asks for a held event, or all of a key, to be tried again. Resolves with the request's id.
   *
   * @throws AppError NOT_FOUND when nothing of the kind is held
   */
  redrive(which: { id: number } | { key: string }): Promise<number>;
  /** @throws AppError NOT_FOUND when there is no such held event */
  discard(id: number, reason: string): Promise<number>;
  findRequest(id: number): RequestItem | undefined;
}

/** The key that a held event has or, where it stands alone, claims to have. */
const KEY = "coalesce(eventKey, CAST(key AS TEXT))";

const COLUMNS = `id, state, eventId, eventType, ${KEY} AS key, topic, partition, "offset",
  attempts, errorCode, lastError, heldAt, nextAttemptAt`;

/** @param now milliseconds since the epoch */
export function createHeldDesk(db: Database, queue: CommitQueue, now: () => number): HeldDesk {
  const find = db.prepare<HeldItem & { headers: string; value: Uint8Array | null }, [number]>(
    `SELECT ${COLUMNS}, headers, value FROM held_events WHERE id = ?`,
  );
  const ofKey = db.prepare<{ id: number }, [string]>(
    "SELECT id FROM held_events WHERE eventKey = ? LIMIT 1",
  );
  const insert = db.prepare<{ id: number }, [string, string, string | null, string]>(
    `INSERT INTO operator_requests (kind, target, reason, requestedAt) VALUES (?, ?, ?, ?)
     RETURNING id`,
  );
  const request = db.prepare<
    Omit<RequestItem, "target" | "outcome"> & { target: string; outcome: string | null },
    [number]
  >("SELECT * FROM operator_requests WHERE id = ?");

  function ask(kind: string, target: object, reason: string | null, isThere: () => boolean) {
    return queue.run(() => {
      if (!isThere()) throw new AppError("NOT_FOUND", "There is no such held event.");
      const at = new Date(now()).toISOString();
      return insert.get(kind, JSON.stringify(target), reason, at)?.id as number;
    });
  }

  return {
    list({ state = undefined, key = undefined, afterId = 0 }, limit) {
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
    find(id) {
      const row = find.get(id);
      if (row === null) return undefined;
      const { headers, value, ...item } = row;
      const payload = value === null ? null : Buffer.from(value).toString();
      return { ...item, headers: JSON.parse(headers), payload };
    },
    redrive: (which) =>
      "id" in which
        ? ask("REDRIVE", { heldId: which.id }, null, () => find.get(which.id) !== null)
        : ask("REDRIVE", { eventKey: which.key }, null, () => ofKey.get(which.key) !== null),
    discard: (id, reason) => ask("DISCARD", { heldId: id }, reason, () => find.get(id) !== null),
    findRequest(id) {
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
