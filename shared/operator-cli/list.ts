import type { Database } from "bun:sqlite";
import { hasOutbox, type Service } from "@order-outbox/registry";
import {
  chooseServices,
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  printTable,
  requireAny,
  requireToRead,
  UserError,
} from "@order-outbox/tool-kit";
import { HELD_KEY } from "./redrive-plan.ts";

const OUTBOX_STATES: Readonly<Record<string, string>> = {
  parked: "parkedAt IS NOT NULL AND discardedAt IS NULL",
  discarded: "parkedAt IS NOT NULL AND discardedAt IS NOT NULL",
  pending: "isPublished = 0 AND parkedAt IS NULL",
};
const HELD_STATES = ["RETRYING", "BEHIND", "WAITING", "PARKED"];

/** An event that an operator may want to do something about. */
export interface ListedEvent {
  service: string;
  place: "outbox" | "held";
  id: number;
  state: string;
  key: string | null;
  eventType: string | null;
  eventId: string | null;
  topic: string;
  attempts: number;
  /** ISO 8601: parked, held or created. */
  since: string;
  nextAttemptAt: string | null;
  error: string | null;
}

export const list = defineCommand({
  name: "list",
  summary: "parked and held events, or those of one state or key",
  usage: `list [--service NAME] [--state STATE] [--key KEY] [--limit N]

Events that wait, oldest first for each service: those that the broker refused (parked) and those
that a consumer set aside.
  --service NAME     only this service
  --state STATE      of an outbox: parked, pending, discarded;
                     of a consumer: ${HELD_STATES.join(", ")}
  --key KEY          only events of this key (the order's id)
  --limit N          at most so many for each service and place (default 100)`,
  options: {
    service: { type: "string" },
    state: { type: "string" },
    key: { type: "string" },
    limit: { type: "string", default: "100" },
  },
  run({ service, state, key, limit }, { dataDir, json }) {
    if (state !== undefined && !(state in OUTBOX_STATES) && !HELD_STATES.includes(state)) {
      const states = [...Object.keys(OUTBOX_STATES), ...HELD_STATES].join(", ");
      throw new UserError(`there is no state "${state}"; there are ${states}`);
    }
    const filter = { state, key, limit: parseWhole("--limit", limit, 1) };
    const events = requireAny(dataDir, chooseServices(service)).flatMap((one) => {
      using db = requireToRead(dataDir, one);
      return listEvents(db, one, filter);
    });
    if (json) printJson(events);
    else print(events);
    return EXIT.done;
  },
});

interface Filter {
  state?: string | undefined;
  key?: string | undefined;
  limit: number;
}

/** The waiting events of one service; without a state those that are parked or held. */
export function listEvents(db: Database, service: Service, filter: Filter): ListedEvent[] {
  const { state, key = null, limit } = filter;
  const outboxStates = state === undefined ? ["parked"] : [state];
  const heldStates = state === undefined ? HELD_STATES : [state];
  return [
    ...outboxStates
      .filter((name) => hasOutbox(service) && name in OUTBOX_STATES)
      .flatMap((name) => listOutbox(db, service, name, key, limit)),
    ...listHeld(db, service, heldStates, key, limit),
  ];
}

function listOutbox(
  db: Database,
  { name }: Service,
  state: string,
  key: string | null,
  limit: number,
): ListedEvent[] {
  return db
    .query<ListedEvent, [string, string, string | null, string | null, number]>(
      `SELECT ? AS service, 'outbox' AS place, id, ? AS state, partitionKey AS key, eventType,
         eventId, topic, attempts, coalesce(discardedAt, parkedAt, createdAt) AS since,
         NULL AS nextAttemptAt, lastError AS error
       FROM outbox WHERE ${OUTBOX_STATES[state]} AND (? IS NULL OR partitionKey = ?)
       ORDER BY id LIMIT ?`,
    )
    .all(name, state, key, key, limit);
}

function listHeld(
  db: Database,
  { name }: Service,
  states: readonly string[],
  key: string | null,
  limit: number,
): ListedEvent[] {
  return db
    .query<ListedEvent, [string, string, string | null, string | null, number]>(
      `SELECT ? AS service, 'held' AS place, id, state, ${HELD_KEY} AS key, eventType, eventId, topic,
         attempts, heldAt AS since, nextAttemptAt, errorCode || ': ' || lastError AS error
       FROM held_events
       WHERE state IN (SELECT value FROM json_each(?)) AND (? IS NULL OR ${HELD_KEY} = ?)
       ORDER BY id LIMIT ?`,
    )
    .all(name, JSON.stringify(states), key, key, limit);
}

function print(events: readonly ListedEvent[]): void {
  printTable({
    columns: ["service", "place", "id", "state", "key", "event", "attempts", "since", "error"],
    rows: events.map((event) => [
      event.service,
      event.place,
      event.id,
      event.state,
      event.key,
      event.eventType,
      event.attempts,
      event.since,
      event.error,
    ]),
  });
}
