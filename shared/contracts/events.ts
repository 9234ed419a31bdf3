import {
  type AnyEventOf,
  type DomainEventOf,
  defineEvents,
  type EventDataOf,
  type EventTypeOf,
} from "@order-outbox/events";
import { Type } from "@sinclair/typebox";
import { TOPICS } from "./topics.ts";
import { Amount, CustomerId, OrderId } from "./values.ts";

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

const subject = (data: { orderId: string }): string => data.orderId;
const created = { topic: TOPICS.orderCreated, writer: "order-service", subject };
const processed = { topic: TOPICS.paymentProcessed, writer: "payment-service", subject };

/** Every event of the shop: what it carries, the topic it travels on, and who writes it. */
export const EVENTS = defineEvents({
  ORDER_CREATED: { ...created, data: OrderCreatedData },
  PAYMENT_SUCCEEDED: { ...processed, data: PaymentSucceededData },
  PAYMENT_FAILED: { ...processed, data: PaymentFailedData },
});

/** A type of {@link EVENTS}. */
export type EventType = EventTypeOf<typeof EVENTS>;

/** The data that events of type `T` carry. */
export type EventData<T extends EventType = EventType> = EventDataOf<typeof EVENTS, T>;

/** An event with its data. {@link AnyEvent} is the union to narrow by `type`. */
export type DomainEvent<T extends EventType = EventType> = DomainEventOf<typeof EVENTS, T>;

/** One event of any type of the shop; a check of `type` narrows `data`. */
export type AnyEvent = AnyEventOf<typeof EVENTS>;
