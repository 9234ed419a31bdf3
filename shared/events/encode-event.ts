import { type EventMap, requireEventData } from "./define-events.ts";
import type { EventMetadata, EventOf } from "./event.ts";
import { malformed } from "./malformed.ts";

/** An event as the parts of a Kafka record. */
export interface EncodedEvent {
  /** The event's subject, so that all events of one subject share a partition. */
  key: string;
  /** The data as JSON. */
  value: string;
  headers: Record<string, string>;
}

/**
 * The headers of an event in the Kafka binary mode of CloudEvents 1.0
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
 */
export function encodeHeaders(event: EventMetadata): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: "1.0",
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: event.time,
    ce_subject: event.subject,
    "content-type": "application/json",
  };
  if (event.sequence !== undefined) headers.ce_sequence = String(event.sequence);
  if (event.traceparent !== undefined) headers.traceparent = event.traceparent;
  return headers;
}

/**
 * An event as a Kafka record in CloudEvents binary mode.
 *
 * @throws AppError `EVENT_MALFORMED` when a reader would refuse it: the data breaks its schema, or
 * is about something else than `subject`.
 */
export function encodeEvent(events: EventMap, event: EventOf): EncodedEvent {
  requireEventData(events, event.type, event.data);
  if (events.subjectOf(event.type, event.data) !== event.subject) {
    throw malformed(`the event ${event.id}`, [
      { path: "subject", message: "is not that of its data" },
    ]);
  }
  return {
    key: event.subject,
    value: JSON.stringify(event.data),
    headers: encodeHeaders(event),
  };
}
