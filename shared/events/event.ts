/** What an event says about itself, beside its data. Named after the CloudEvents attributes. */
export interface EventMetadata<T extends string = string> {
  /** Made once with the event and kept on every re-publish: consumers tell repeats by it. */
  id: string;
  type: T;
  /** The service that wrote it, as a URI reference, such as `/order-service`. */
  source: string;
  /** When it happened, ISO 8601 in UTC. */
  time: string;
  /** What it is about; also the record's key, so that events of one subject keep their order. */
  subject: string;
  /** The writer's outbox id: within a partition, first deliveries rise in it. */
  sequence?: number;
  /** The W3C trace context of the request that led to it. */
  traceparent?: string;
}

/** An event of type `T` with its data. */
export interface EventOf<T extends string = string, Data = unknown> extends EventMetadata<T> {
  data: Data;
}

/** The parts of a stored event that readers will judge it by. */
export interface StoredEvent {
  eventType: string;
  topic: string;
  subject: string;
  partitionKey: string;
  /** JSON. */
  payload: string;
}
