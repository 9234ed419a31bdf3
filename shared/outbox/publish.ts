import { AppError } from "@order-outbox/errors";
import {
  type EventDataOf,
  type EventMap,
  type EventTypeOf,
  requireEventData,
} from "@order-outbox/events";
import { defineEffect, type Effect } from "@order-outbox/units";

/** An event of type `T` of an event map to publish, as the use case that causes it knows it. */
export interface OutboxEventOf<Map, T extends EventTypeOf<Map>> {
  /** Made once; the same on every publication of this event. */
  eventId: string;
  eventType: T;
  /** Its subject is the key: events of one subject are published, and take effect, as they committed. */
  data: EventDataOf<Map, T>;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** W3C trace context of the cause. */
  traceparent?: string | undefined;
}

/** An event to publish, of any type of an event map. */
export type OutboxEvent<Map> = { [T in EventTypeOf<Map>]: OutboxEventOf<Map, T> }[EventTypeOf<Map>];

/** What is in a row of the outbox that waits to be published. */
export interface NewRow {
  eventId: string;
  eventType: string;
  topic: string;
  subject: string;
  partitionKey: string;
  /** JSON. */
  payload: string;
  createdAt: string;
  traceparent?: string | undefined;
}

/** How many characters an event's JSON may have: readers take over no larger record. */
export const MAX_PAYLOAD = 40_000;

/** Puts a row into the outbox. Made by {@link publish} alone. */
export const insertRow = defineEffect<NewRow>("outbox row");

/**
 * Decides to publish an event: it goes with the unit that makes it true, so that both are committed
 * or neither is. Topic and key follow from the event.
 *
 * @throws AppError `EVENT_MALFORMED` when the event is none of the map or its data breaks its schema,
 *   and `EVENT_TOO_LARGE`: faults of the caller, which no reader has to meet
 */
export const publish = <Map extends EventMap>(events: Map, event: OutboxEvent<Map>): Effect =>
  insertRow(toRow(events, event));

/** The row that an event makes; throws as {@link publish} does. */
export function toRow<Map extends EventMap>(events: Map, event: OutboxEvent<Map>): NewRow {
  const { eventType, data, ...rest } = event as OutboxEventOf<EventMap, string>;
  requireEventData<EventMap>(events, eventType, data);
  const payload = JSON.stringify(data);
  if (payload.length > MAX_PAYLOAD) {
    throw new AppError("EVENT_TOO_LARGE", `the data of ${eventType} has ${payload.length} chars`);
  }
  const subject = events.subjectOf(eventType, data);
  const { topic } = events.originOf(eventType);
  return { ...rest, eventType, topic, subject, partitionKey: subject, payload };
}
