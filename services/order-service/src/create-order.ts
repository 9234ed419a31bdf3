import { EVENTS } from "@order-outbox/contracts";
import { isoTime } from "@order-outbox/errors";
import { publish } from "@order-outbox/outbox";
import type { Decision } from "@order-outbox/units";
import { insertOrder, type Order } from "./order-store.ts";

export interface NewOrder {
  customerId: string;
  amount: number;
}

/** What a decision takes from outside. */
export interface Sources {
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Accepts an order: it is stored together with its ORDER_CREATED event.
 *
 * @param traceparent W3C trace context of the request, which the event carries on
 */
export function createOrder(
  { customerId, amount }: NewOrder,
  { newId, now }: Sources,
  traceparent?: string,
): Decision<Order> {
  const createdAt = isoTime(now());
  const id = newId();
  const order: Order = {
    id,
    customerId,
    amount,
    status: "PENDING",
    createdAt,
    updatedAt: createdAt,
  };
  return {
    answer: order,
    effects: [
      insertOrder(order),
      publish(EVENTS, {
        eventId: newId(),
        eventType: "ORDER_CREATED",
        data: { orderId: id, customerId, amount },
        createdAt,
        traceparent,
      }),
    ],
  };
}
