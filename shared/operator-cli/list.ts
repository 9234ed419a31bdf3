import { HELD_STATES, type HeldItem, type OutboxItem } from "@order-outbox/operator";
import {
  chooseServices,
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  printTable,
  requireAny,
  UserError,
} from "@order-outbox/tool-kit";
import { type Desks, readDesks } from "./desks.ts";

const OUTBOX_STATES = ["parked", "discarded", "pending"] as const;
const STATES: readonly string[] = [...OUTBOX_STATES, ...HELD_STATES];

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
  async run({ service, state, key, limit }, { dataDir, json }) {
    if (state !== undefined && !STATES.includes(state)) {
      throw new UserError(`there is no state "${state}"; there are ${STATES.join(", ")}`);
    }
    const filter = { state, key, limit: parseWhole("--limit", limit, 1) };
    const events: ListedEvent[] = [];
    for (const one of requireAny(dataDir, chooseServices(service))) {
      using desks = readDesks(dataDir, one);
      events.push(...(await listEvents(desks, one.name, filter)));
    }
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
export async function listEvents(
  { outbox, held }: Desks,
  service: string,
  { state, key, limit }: Filter,
): Promise<ListedEvent[]> {
  const outboxState = OUTBOX_STATES.find((one) => one === (state ?? "parked"));
  const heldState = HELD_STATES.find((one) => one === state);
  const rows =
    outboxState === undefined ? [] : await outbox?.list({ state: outboxState, key }, limit);
  const events =
    state === undefined || heldState !== undefined
      ? await held?.list({ state: heldState, key }, limit)
      : [];
  return [
    ...(rows ?? []).map((row) => listedRow(service, row)),
    ...(events ?? []).map((event) => listedEvent(service, event)),
  ];
}

function listedRow(service: string, row: OutboxItem): ListedEvent {
  const { id, state, key, eventType, eventId, topic, attempts } = row;
  return {
    ...{ service, place: "outbox", id, state, key, eventType, eventId, topic, attempts },
    since: row.discardedAt ?? row.parkedAt ?? row.createdAt,
    nextAttemptAt: null,
    error: row.lastError,
  };
}

function listedEvent(service: string, event: HeldItem): ListedEvent {
  const { id, state, key, eventType, eventId, topic, attempts } = event;
  return {
    ...{ service, place: "held", id, state, key, eventType, eventId, topic, attempts },
    since: event.heldAt,
    nextAttemptAt: event.nextAttemptAt,
    error: `${event.errorCode}: ${event.lastError}`,
  };
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
