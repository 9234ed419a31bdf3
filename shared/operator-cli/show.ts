import type { Database } from "bun:sqlite";
import { printable } from "@order-outbox/errors";
import {
  defineCommand,
  EXIT,
  parseWhole,
  printJson,
  requireOutbox,
  requirePlace,
  requireService,
  requireToRead,
  UserError,
} from "@order-outbox/tool-kit";

type Row = Record<string, unknown>;

export const show = defineCommand({
  name: "show",
  summary: "one event with payload, headers, error and history",
  usage: `show ID --service NAME --outbox|--held

Everything that is known of one event, and what operators did about it.
  --outbox           ID is that of a row to be published
  --held             ID is that of an event that the consumer set aside`,
  options: {
    service: { type: "string" },
    outbox: { type: "boolean" },
    held: { type: "boolean" },
  },
  words: 1,
  run({ service: name, outbox, held }, { dataDir, json }, [id]) {
    if (id === undefined) throw new UserError('which one? "list" shows the ids');
    const service = requireService(name);
    const place = requirePlace({ outbox, held });
    if (place === "outbox") requireOutbox(service);
    using db = requireToRead(dataDir, service);
    const event = readEvent(db, place, parseWhole("ID", id, 1));
    if (json) printJson({ service: service.name, place, ...event });
    else print(event);
    return EXIT.done;
  },
});

function readEvent(db: Database, place: "outbox" | "held", id: number) {
  const table = place === "outbox" ? "outbox" : "held_events";
  const row = db.query<Row, [number]>(`SELECT * FROM ${table} WHERE id = ?`).get(id);
  const history = readHistory(db, place, id, row);
  if (row === null && history.length === 0) {
    throw new UserError(`there is no ${place === "outbox" ? "outbox row" : "held event"} ${id}`);
  }
  if (row === null) return { event: null, payload: null, headers: null, history };
  const { payload, value, key, headers, ...event } = row;
  return {
    event: place === "held" ? { ...event, recordKey: toText(key) } : event,
    payload: parseJson(toText(place === "outbox" ? payload : value)),
    headers: parseJson(toText(headers ?? null)),
    history,
  };
}

/** What operators did about this event, or about its key, in this service. */
function readHistory(db: Database, place: string, id: number, row: Row | null): Row[] {
  const idField = place === "outbox" ? "$.outboxId" : "$.heldId";
  const eventId = (row?.eventId ?? null) as string | null;
  const key = (row?.eventKey ?? row?.partitionKey ?? null) as string | null;
  const about = `json_extract(target, '${idField}') = $id
    OR json_extract(target, '$.eventId') = $eventId OR json_extract(target, '$.eventKey') = $key`;
  return db
    .query<Row, { id: number; eventId: string | null; key: string | null }>(
      `SELECT at, action, target, reason, NULL AS finishedAt, NULL AS outcome
         FROM operator_audit WHERE ${about}
       UNION ALL
       SELECT requestedAt, kind || ' requested', target, reason, finishedAt, outcome
         FROM operator_requests WHERE ${about}
       ORDER BY 1`,
    )
    .all({ id, eventId, key })
    .map((entry) => ({
      ...entry,
      target: parseJson(toText(entry.target)),
      outcome: parseJson(toText(entry.outcome)),
    }));
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!(value instanceof Uint8Array)) return String(value);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    return `base64:${Buffer.from(value).toString("base64")}`;
  }
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function print({ event, payload, headers, history }: ReturnType<typeof readEvent>): void {
  if (event === null) console.log("no longer there; its history:");
  const width = Math.max(0, ...Object.keys(event ?? {}).map((name) => name.length));
  for (const [name, value] of Object.entries(event ?? {})) {
    if (value !== null) console.log(`${name.padEnd(width)}  ${printable(toText(value) ?? "")}`);
  }
  if (headers !== null) console.log(`\nheaders\n${JSON.stringify(headers, null, 2)}`);
  if (event !== null) console.log(`\npayload\n${JSON.stringify(payload, null, 2)}`);
  if (history.length > 0) console.log("\nhistory");
  for (const { at, action, target, reason, outcome } of history) {
    const why = reason === null ? "" : ` because ${JSON.stringify(reason)}`;
    const result = outcome === null ? "" : ` -> ${JSON.stringify(outcome)}`;
    console.log(`  ${at}  ${action} ${JSON.stringify(target)}${why}${result}`);
  }
}
