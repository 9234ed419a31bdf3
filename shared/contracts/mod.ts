export { type EncodedEvent, encodeEvent, encodeHeaders } from "./cloud-events.ts";
export {
  type Decoded,
  decodeEvent,
  peekIdentity,
  type RecordIdentity,
  type WireRecord,
} from "./decode-event.ts";
export { headersOf } from "./event-headers.ts";
export { followUpEventId, newEventId } from "./event-id.ts";
export {
  type AnyEvent,
  assertEventData,
  type DomainEvent,
  EVENTS,
  type EventData,
  type EventMetadata,
  type EventType,
  isEventType,
  OrderCreatedData,
  PaymentFailedData,
  PaymentSucceededData,
} from "./events.ts";
export type { HeaderValue } from "./header-reader.ts";
export { exampleOf, type JsonSchema, type NamedSchemas, toJsonSchema } from "./json-schema.ts";
export { isFromOrigin, type Origin, originOf, PARTIES, type Parties } from "./parties.ts";
export { faultOfStored, type StoredEvent } from "./stored-event.ts";
export { DEFAULT_PARTITIONS, TOPICS, type Topic } from "./topics.ts";
export { traceIdOf } from "./trace-id.ts";
export { readTraceparent } from "./traceparent.ts";
export { Amount, CustomerId, OrderId, Timestamp } from "./values.ts";
export { describeViolations, type Violation } from "./violations.ts";
