/**
 * The shop's contracts: which events there are (`EVENTS`, where to start reading), who writes
 * them, on which topics they travel, and what its values look like. Writers, readers, OpenAPI and AsyncAPI are
 * made from it.
 */
export { headersOf } from "./event-headers.ts";
export {
  type AnyEvent,
  type DomainEvent,
  EVENTS,
  type EventData,
  type EventType,
  OrderCreatedData,
  PaymentFailedData,
  PaymentSucceededData,
} from "./events.ts";
export { DEFAULT_PARTITIONS, TOPICS, type Topic } from "./topics.ts";
export { Amount, CustomerId, OrderId } from "./values.ts";
