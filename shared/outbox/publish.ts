import {
  assertEventData,
  EVENTS,
  type EventData,
  type EventType,
  isEventType,
} from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { defineEffect, type Effect } from "@order-outbox/units";

/** An event of type `T` to publish, as the use case that causes it knows it. */
export interface OutboxEventOf<T extends EventType> {
  /** Made once; the same on every publication of this event. */
  eventId: string;
  eventType: T;
  /** Its order is the key: events of one order are published, and take effect, as they committed. */
  data: EventData<T>;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** W3C trace context of the cause. */
  traceparent?: string | undefined;
}

/** An event to publish, of any type of the event map. */
export type OutboxEvent = { [T in EventType]: OutboxEventOf<T> }[EventType];

/** What is in a row of the outbox that waits to be published. */
export interface NewRow {
  eventId: string;
  eventType: string;
  topic: string;
  orderId: string;
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
 * @throws AppError `EVENT_MALFORMED` when the event is none of the event map or its data breaks its
 *   schema, and `EVENT_TOO_LARGE`: faults of the caller, which no reader has to meet
 */
export const publish = (event: OutboxEvent): Effect => insertRow(toRow(event));

/** The row that an event makes; throws as {@link publish} does. */
export function toRow({ eventType, data, ...event }: OutboxEvent): NewRow {
  if (!isEventType(eventType)) {
    throw new AppError("EVENT_MALFORMED", `the event map has no ${String(eventType)}`);
  }
  assertEventData(eventType, data);
  const payload = JSON.stringify(data);
  if (payload.length > MAX_PAYLOAD) {
    throw new AppError("EVENT_TOO_LARGE", `the data of ${eventType} has ${payload.length} chars`);
  }
  const { orderId } = data;
  const { topic } = EVENTS[eventType];
  return { ...event, eventType, topic, orderId, partitionKey: orderId, payload };
}
