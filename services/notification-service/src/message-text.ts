import type { DomainEvent, EventType } from "@order-outbox/contracts";
import type { MessageKind } from "@order-outbox/outside-world";

const SENTENCES = {
  ORDER_CREATED: "We have received your order",
  PAYMENT_SUCCEEDED: "We have received your payment for order",
  PAYMENT_FAILED: "Your payment was declined for order",
} satisfies Partial<Record<EventType, string>>;

/** The events that customers hear of. */
export type NotifiedType = keyof typeof SENTENCES;

/** What a customer is told of, each once. Both results of a payment are one kind: only one of them is true. */
export const KIND_OF = {
  ORDER_CREATED: "created",
  PAYMENT_SUCCEEDED: "payment",
  PAYMENT_FAILED: "payment",
} as const satisfies Record<NotifiedType, MessageKind>;

/** What a customer reads about an event. */
export function messageText(event: DomainEvent<NotifiedType>): string {
  const { orderId, amount } = event.data;
  return `${SENTENCES[event.type]} ${orderId} over ${amount.toFixed(2)}.`;
}
