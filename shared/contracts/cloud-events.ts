import { assertEventData, type DomainEvent, type EventMetadata, malformed } from "./events.ts";

/** An event as the parts of a Kafka record. */
export interface EncodedEvent {
  /** The order's id, so that all events of one order share a partition. */
  key: string;
  /** The data as JSON. */
  value: string;
  headers: Record<string, string>;
}

/**
 * The headers of an event in the Kafka binary mode of CloudEvents 1.0
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
 */
export function encodeHeaders(event: EventMetadata<string>): Record<string, string> {
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
 * is about another order than `subject`.
 */
export function encodeEvent(event: DomainEvent): EncodedEvent {
  assertEventData(event.type, event.data);
  if (event.data.orderId !== event.subject) {
    throw malformed(`the event ${event.id}`, [{ path: "subject", message: "is not data.orderId" }]);
  }
  return {
    key: event.subject,
    value: JSON.stringify(event.data),
    headers: encodeHeaders(event),
  };
}
