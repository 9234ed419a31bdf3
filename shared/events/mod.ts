/**
 * Events as CloudEvents 1.0 in Kafka's binary mode, generic over a map of types that you define once:
 * `defineEvents` is where to start reading. Writers check data against the map when an event is made,
 * readers when it arrives; what breaks it is `EVENT_MALFORMED` with every violation.
 */
export {
  type Decoded,
  decodeEvent,
  peekIdentity,
  type RecordIdentity,
  type WireRecord,
} from "./decode-event.ts";
export {
  type AnyEventOf,
  type DomainEventOf,
  defineEvents,
  type EventDataOf,
  type EventDefinition,
  type EventMap,
  type EventTypeOf,
  type Origin,
  requireEventData,
} from "./define-events.ts";
export { type EncodedEvent, encodeEvent, encodeHeaders } from "./encode-event.ts";
export type { EventMetadata, EventOf, StoredEvent } from "./event.ts";
export { followUpEventId, newEventId } from "./event-id.ts";
export type { HeaderValue } from "./header-reader.ts";
export { exampleOf, type JsonSchema, type NamedSchemas, toJsonSchema } from "./json-schema.ts";
export { malformed } from "./malformed.ts";
export { faultOfStored } from "./stored-event.ts";
export { extractOf, isPrintable, UNPRINTABLE } from "./text.ts";
export { isTimestamp, Timestamp } from "./timestamp.ts";
export { traceIdOf } from "./trace-id.ts";
export { readTraceparent } from "./traceparent.ts";
export { describeViolations, type Violation } from "./violations.ts";
