import { AppError } from "@order-outbox/errors";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { TOPICS, type Topic } from "./topics.ts";
import { Amount, CustomerId, OrderId } from "./values.ts";
import { describeViolations, type Violation } from "./violations.ts";

/** Spelt out because Elysia closes every object schema that leaves it open. */
const open = { additionalProperties: true };
const order = { orderId: OrderId, customerId: CustomerId, amount: Amount };

/** The data of `ORDER_CREATED`: an order was accepted and stored. */
export const OrderCreatedData = Type.Object(order, {
  ...open,
  description: "An order was accepted and stored.",
});

/** The data of `PAYMENT_SUCCEEDED`: the order's amount was charged. */
export const PaymentSucceededData = Type.Object(
  {
    ...order,
    transactionId: Type.String({
      minLength: 1,
      description: "the provider's id of the charge",
      examples: ["txn_0f5e3a9c71d24b68"],
    }),
  },
  { ...open, description: "The order's amount was charged." },
);

/** The data of `PAYMENT_FAILED`: the order's amount was finally not charged. */
export const PaymentFailedData = Type.Object(
  {
    ...order,
    reason: Type.String({
      minLength: 1,
      description: "why nothing was charged",
      examples: ["card declined"],
    }),
  },
  { ...open, description: "The order's amount was finally not charged." },
);

/**
 * Every event type, the topic it travels on and the schema of its data. Readers ignore fields that
 * a schema does not name, so that a newer writer may add some.
 */
export const EVENTS = {
  ORDER_CREATED: { topic: TOPICS.orderCreated, data: OrderCreatedData },
  PAYMENT_SUCCEEDED: { topic: TOPICS.paymentProcessed, data: PaymentSucceededData },
  PAYMENT_FAILED: { topic: TOPICS.paymentProcessed, data: PaymentFailedData },
} as const satisfies Record<string, { topic: Topic; data: TSchema }>;

/** A type of {@link EVENTS}. */
export type EventType = keyof typeof EVENTS;

/** The data that events of type `T` carry. */
export type EventData<T extends EventType = EventType> = Static<(typeof EVENTS)[T]["data"]>;

/** What an event says about itself, beside its data. Named after the CloudEvents attributes. */
export interface EventMetadata<T extends string = EventType> {
  /** Made once with the event and kept on every re-publish: consumers tell repeats by it. */
  id: string;
  type: T;
  /** The service that wrote it, as a URI reference, such as `/order-service`. */
  source: string;
  /** When it happened, ISO 8601 in UTC. */
  time: string;
  /** The order that it is about. */
  subject: string;
  /** The writer's outbox id: within a partition, first deliveries rise in it. */
  sequence?: number;
  /** The W3C trace context of the request that led to it. */
  traceparent?: string;
}

/** An event with its data. {@link AnyEvent} is the union to narrow by `type`. */
export interface DomainEvent<T extends EventType = EventType> extends EventMetadata<T> {
  data: EventData<T>;
}

/** One event of any known type; a check of `type` narrows `data`. */
export type AnyEvent = { [T in EventType]: DomainEvent<T> }[EventType];

/** Whether this version knows events of `type`. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type);
}

const CHECKS: { readonly [T in EventType]: TypeCheck<(typeof EVENTS)[T]["data"]> } = {
  ORDER_CREATED: TypeCompiler.Compile(OrderCreatedData),
  PAYMENT_SUCCEEDED: TypeCompiler.Compile(PaymentSucceededData),
  PAYMENT_FAILED: TypeCompiler.Compile(PaymentFailedData),
};

/** Every rule that `data` breaks as the data of an event of `type`; empty when it fits. */
export function eventDataViolations(type: EventType, data: unknown): Violation[] {
  const check = CHECKS[type];
  return check.Check(data) ? [] : describeViolations(check.Errors(data));
}

/**
 * Holds `data` to the schema of `type`. The outbox does so with every event before it is stored, and
 * `faultOfStored` with rows that are made pending again.
 *
 * @throws AppError `EVENT_MALFORMED` with every violation in `details.violations`.
 */
export function assertEventData<T extends EventType>(
  type: T,
  data: unknown,
): asserts data is EventData<T> {
  const violations = eventDataViolations(type, data);
  if (violations.length > 0) throw malformed(`the data of ${type}`, violations);
}

/** `EVENT_MALFORMED` that names every violation in its message and in `details.violations`. */
export function malformed(what: string, violations: readonly Violation[]): AppError {
  const list = violations.map(({ path, message }) => (path ? `${path} ${message}` : message));
  return new AppError("EVENT_MALFORMED", `${what}: ${list.join("; ")}`, {
    details: { violations },
  });
}
