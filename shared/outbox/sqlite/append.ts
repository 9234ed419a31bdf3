import type { EventMap } from "@order-outbox/events";
import { keyHash } from "@order-outbox/kafka";
import { type Database, prepareInsertRows, type Writer, writerOf } from "@order-outbox/sqlite";
import { insertRow, type NewRow, type OutboxEvent, toRow } from "../publish.ts";

/** The column of the subject has the name that it had when an order was all that events were about. */
const INTO = `outbox
  (eventType, orderId, payload, createdAt, eventId, topic, partitionKey, keyHash, traceparent)`;

const INSERT = `INSERT INTO ${INTO} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

type Values = [
  eventType: string,
  subject: string,
  payload: string,
  createdAt: string,
  eventId: string,
  topic: string,
  partitionKey: string,
  keyHash: number,
  traceparent: string | null,
];

/** Writes what `publish` decides, beside a service's own tables. */
export function outboxWriter(db: Database): Writer {
  const insert = prepareInsertRows<Values>(db, INTO);
  return writerOf(insertRow, (rows) => {
    insert(rows.map(valuesOf));
    return undefined;
  });
}

/**
 * Prepares the one statement that puts an event into the outbox of `db`, for those who have
 * transactions of their own: call the result inside the one that makes the event true. Throws as
 * `publish` does.
 */
export function prepareAppend<Map extends EventMap>(
  db: Database,
  events: Map,
): (event: OutboxEvent<Map>) => void {
  const insert = prepareInsert(db);
  return (event) => insert(toRow(events, event));
}

/** A statement and the values of its question marks. */
export interface Statement {
  sql: string;
  values: Values;
}

/**
 * The statement that puts an event into the outbox, for those whose database library takes text:
 * run it inside the transaction that makes the event true. Throws as `publish` does.
 */
export function appendStatement<Map extends EventMap>(
  events: Map,
  event: OutboxEvent<Map>,
): Statement {
  return { sql: INSERT, values: valuesOf(toRow(events, event)) };
}

/** Prepares the insertion of a row as it is, which `publish` makes of an event. */
export function prepareInsert(db: Database): (row: NewRow) => void {
  const insert = db.prepare<unknown, Values>(INSERT);
  return (row) => {
    insert.run(...valuesOf(row));
  };
}

const valuesOf = (row: NewRow): Values => [
  row.eventType,
  row.subject,
  row.payload,
  row.createdAt,
  row.eventId,
  row.topic,
  row.partitionKey,
  keyHash(row.partitionKey),
  row.traceparent ?? null,
];
