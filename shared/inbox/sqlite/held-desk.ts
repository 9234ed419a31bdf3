import { AppError } from "@order-outbox/errors";
import {
  HELD_STATES,
  type HeldDesk,
  type HeldItem,
  type HeldState,
  type OperatorAsk,
  type ReadOffset,
  type RequestItem,
} from "@order-outbox/operator";
import type { Database, Write } from "@order-outbox/sqlite";

/** The key that a held event has or, where it stands alone, claims to have. */
const KEY = "coalesce(eventKey, CAST(key AS TEXT))";

const COLUMNS = `id, state, eventId, eventType, ${KEY} AS key, topic, partition, "offset",
  attempts, errorCode, lastError, heldAt, nextAttemptAt`;

/** What a desk works on. */
export interface HeldDeskOptions {
  db: Database;
  /** `queue.run` in the service itself, `writeAlone(db)` beside it. */
  write: Write;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** The operator's desk of the inboxes in a SQLite database, whichever their consumers. */
export function createHeldDesk({ db, write, now }: HeldDeskOptions): HeldDesk {
  const find = db.prepare<HeldItem & { headers: string; value: Uint8Array | null }, [number]>(
    `SELECT ${COLUMNS}, headers, value FROM held_events WHERE id = ?`,
  );
  const consumerOf = db.prepare<{ consumer: string }, [number]>(
    "SELECT consumer FROM held_events WHERE id = ?",
  );
  const redrivable = db.prepare<
    { consumer: string; eventKey: string | null; heldId: number },
    { id: number | null; key: string | null; parkedOnly: number }
  >(
    `SELECT consumer, eventKey, min(id) AS heldId FROM held_events
     WHERE ($id IS NULL OR id = $id) AND ($key IS NULL OR ${KEY} = $key)
     GROUP BY consumer, coalesce(eventKey, id), eventKey IS NULL
     HAVING NOT $parkedOnly OR sum(state = 'PARKED') > 0
     ORDER BY heldId`,
  );
  const insert = db.prepare<{ id: number }, [string, string, string, string | null, string]>(
    `INSERT INTO operator_requests (consumer, kind, target, reason, requestedAt)
     VALUES (?, ?, ?, ?, ?) RETURNING id`,
  );
  const open = db.prepare<{ id: number; consumer: string; kind: string; target: string }, []>(
    "SELECT id, consumer, kind, target FROM operator_requests WHERE finishedAt IS NULL",
  );
  const requests = db.prepare<
    Omit<RequestItem, "target" | "outcome"> & { target: string; outcome: string | null },
    [string]
  >(
    `SELECT id, kind, target, reason, requestedAt, finishedAt, outcome FROM operator_requests
     WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
  );

  /** Within a transaction; all at once, because the service waits for the lock meanwhile. */
  function leave(asks: readonly OperatorAsk[]): number[] {
    const nameOf = (consumer: string, kind: string, target: string) =>
      JSON.stringify([consumer, kind, target]);
    const known = new Map(
      open.all().map(({ id, consumer, kind, target }) => [nameOf(consumer, kind, target), id]),
    );
    const at = new Date(now()).toISOString();
    return asks.map(({ kind, consumer, target, reason = null }) => {
      const text = JSON.stringify(target);
      const name = nameOf(consumer, kind, text);
      const id = known.get(name) ?? insert.get(consumer, kind, text, reason, at)?.id ?? 0;
      known.set(name, id);
      return id;
    });
  }

  function plan(which: Parameters<HeldDesk["planRedrive"]>[0]): OperatorAsk[] {
    const { id, key }: { id?: number; key?: string } = which === "parked" ? {} : which;
    return redrivable
      .all({ id: id ?? null, key: key ?? null, parkedOnly: Number(which === "parked") })
      .map(({ consumer, eventKey, heldId }) => ({
        kind: "REDRIVE",
        consumer,
        target: eventKey === null ? { heldId } : { eventKey },
      }));
  }

  const readRequests = (ids: readonly number[]): RequestItem[] =>
    requests.all(JSON.stringify(ids)).map(({ target, outcome, ...item }) => ({
      ...item,
      target: JSON.parse(target),
      outcome: outcome === null ? null : JSON.parse(outcome),
    }));

  return {
    async counts() {
      const one = <T>(sql: string) => db.query<{ value: T }, []>(sql).get()?.value as T;
      const states = db
        .query<{ state: HeldState; count: number }, []>(
          "SELECT state, count(*) AS count FROM held_events GROUP BY state",
        )
        .all();
      const held = Object.fromEntries(HELD_STATES.map((state) => [state, 0]));
      for (const { state, count } of states) held[state] = count;
      return {
        held: held as Record<HeldState, number>,
        oldestHeldAt: one<string | null>("SELECT min(heldAt) AS value FROM held_events"),
        inbox: one<number>("SELECT count(*) AS value FROM inbox"),
        openRequests: one<number>(
          "SELECT count(*) AS value FROM operator_requests WHERE finishedAt IS NULL",
        ),
      };
    },
    offsets: async (clusterId) =>
      db
        .query<ReadOffset, [string]>(
          `SELECT topic, partition, min(nextOffset) AS nextOffset FROM consumer_offsets
           WHERE clusterId = ? GROUP BY topic, partition`,
        )
        .all(clusterId),
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
    planRedrive: async (which) => plan(which),
    redrive: (which) =>
      write(() => {
        const asks = plan(which);
        if (asks.length === 0) throw new AppError("NOT_FOUND", "There is no such held event.");
        return leave(asks);
      }),
    discard: (id, reason) =>
      write(() => {
        const held = consumerOf.get(id);
        if (held === null) throw new AppError("NOT_FOUND", "There is no such held event.");
        const [request] = leave([
          { kind: "DISCARD", consumer: held.consumer, target: { heldId: id }, reason },
        ]);
        return request as number;
      }),
    resetOffset: (consumer, target, reason) =>
      write(
        () =>
          leave([{ kind: "RESET_OFFSET", consumer, target: { ...target }, reason }])[0] as number,
      ),
    ask: (asks) => write(() => leave(asks)),
    findRequest: async (id) => readRequests([id])[0],
    requests: async (ids) => readRequests(ids),
  };
}
