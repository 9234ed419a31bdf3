import type { DomainEvent, EventType } from "@order-outbox/contracts";

const SENTENCES: Readonly<Record<EventType, string>> = {
  ORDER_CREATED: "We have received your order",
  PAYMENT_SUCCEEDED: "We have received your payment for order",
  PAYMENT_FAILED: "Your payment was declined for order",
};

/** What a customer reads about an event. */
export function messageText(event: DomainEvent): string {
  const { orderId, amount } = event.data;
  return `${SENTENCES[event.type]} ${orderId} over ${amount.toFixed(2)}.`;
}
