import type { DomainEvent, EventType } from "@order-outbox/contracts";

/**
 * What a service does with one type of event.
 *
 * `prepare` and `apply` together take effect exactly once per event, as far as the effect is in the
 * service's database; what `prepare` does elsewhere can happen again after a crash, so it has to be
 * idempotent by the event's id.
 *
 * A failure whose error says `retryable` is tried again with growing delays, then parked; any other
 * is parked at once. Later events of the same order wait behind it, those of other orders do not.
 */
export interface EventHandler<T extends EventType, P = undefined> {
  /**
   * Whether what this event builds on is in the database. An event that comes before its
   * predecessor (of another topic, say) waits until an event of its order has been applied.
   */
  isReady?(event: DomainEvent<T>): boolean;
  /**
   * How long `prepare` may take, in milliseconds; 30,000 when left out. It is not cut off then, but
   * no longer counts as progress for the service's health.
   */
  limitMs?: number;
  /** Asynchronous work, done before the transaction: calls to the outside world. */
  prepare?(event: DomainEvent<T>): Promise<P>;
  /**
   * The effect, inside the transaction; synchronous, and may append to the outbox. It runs again when
   * what shares its transaction fails and all is rolled back, so it must change nothing else.
   */
  apply(event: DomainEvent<T>, prepared: P): void;
}

/** A handler whose type parameters are hidden, so that handlers of all types fit into one record. */
export type AnyHandler = {
  isReady?(event: never): boolean;
  limitMs?: number;
  prepare?(event: never): Promise<unknown>;
  apply(event: never, prepared: never): void;
};

/** The handlers of a consumer; types without one are skipped. */
export type Handlers = Partial<Record<EventType, AnyHandler>>;
