import type { AppError } from "@order-outbox/errors";
import type { DomainEventOf, EventMap, EventOf, EventTypeOf } from "@order-outbox/events";
import type { Effect, Refusal, Results } from "@order-outbox/units";

/**
 * What a service does with one type of event: `Event` is that of your map, `DomainEventOf<Map, T>`.
 *
 * The effects that `decide` gives take place exactly once per event, in one transaction with the
 * inbox row that remembers it. What `prepare` does elsewhere can happen again after a crash, so it
 * has to be idempotent by the key of what it is done for, such as the order: two events may tell of one.
 *
 * A failure whose error says `retryable` is tried again with growing delays, then parked; any other,
 * a plain `Error` included, is parked at once. Later events of the same subject wait behind it, others do not.
 *
 * @example
 * const processPayment: EventHandler<OrderCreated, Charge> = {
 *   prepare: ({ data }) => provider.charge(data),
 *   decide: ({ data }, charge) => [insertPayment(paymentOf(data, charge)), publish(EVENTS, resultOf(charge))],
 *   done: ({ id }) => logger.info({ eventId: id }, "payment made"),
 * };
 */
export interface EventHandler<Event extends EventOf, P = undefined> {
  /**
   * Whether what this event builds on is in the database. An event that comes before its
   * predecessor (of another topic, say) waits until an event of its subject has been applied.
   */
  isReady?(event: Event): boolean | Promise<boolean>;
  /**
   * How long `prepare` may take, in milliseconds; 30,000 when left out. It is not cut off then, but
   * no longer counts as progress for the service's health.
   */
  limitMs?: number;
  /** Asynchronous work, done before the transaction: calls to the outside world. */
  prepare?(event: Event): Promise<P>;
  /**
   * Decides what the event changes, once per attempt, outside of any transaction: values that are
   * complete. What must hold when they are written is an effect that refuses.
   */
  decide(event: Event, prepared: P): EventDecision;
  /** What a refused effect means; parked as `HANDLER_FAILED` when left out. */
  refused?(event: Event, refusal: Refusal): AppError;
  /** Told once after the COMMIT, when that is known: the place of logs and counters. */
  done?(event: Event, results: Results, prepared: P): void;
}

/** What an event changes; or why it cannot take effect now. */
export type EventDecision = readonly Effect[] | HeldDecision;

/** An event that failed, with what is to be kept all the same. */
export interface HeldDecision {
  readonly error: AppError;
  readonly effects: readonly Effect[];
}

/**
 * Decides that an event cannot take effect now: it is held as after any failure with this error, and
 * `effects` are stored in the same transaction.
 */
export const hold = (error: AppError, effects: readonly Effect[]): HeldDecision => ({
  error,
  effects,
});

/** A handler of one type of event, whatever its `prepare` makes, so that all fit into one record. */
export type HandlerOf<Event> = {
  isReady?(event: Event): boolean | Promise<boolean>;
  limitMs?: number;
  prepare?(event: Event): Promise<unknown>;
  decide(event: Event, prepared: never): EventDecision;
  refused?(event: Event, refusal: Refusal): AppError;
  done?(event: Event, results: Results, prepared: never): void;
};

/** A handler of whatever type. */
export type AnyHandler = HandlerOf<never>;

/** The handlers of a consumer, by types of its event map; types without one are skipped. */
export type Handlers<Map extends EventMap = EventMap> = {
  [T in EventTypeOf<Map>]?: HandlerOf<DomainEventOf<Map, T>>;
};
