import type { OutboxEvent } from "@order-outbox/outbox";
import type { CommitQueue } from "@order-outbox/sqlite";
import type { Order, OrderStore } from "./order-store.ts";

export interface NewOrder {
  customerId: string;
  amount: number;
}

export interface CreateOrderDeps {
  orders: OrderStore;
  append(event: OutboxEvent): void;
  queue: CommitQueue;
  newId(): string;
  now(): number;
}

/**
 * Accepts an order: order row and ORDER_CREATED event are committed together, and the promise
 * resolves when they are on the disk.
 *
 * @param traceparent W3C trace context of the request, which the event carries on
 */
export function createOrder(
  deps: CreateOrderDeps,
  order: NewOrder,
  traceparent?: string,
): Promise<Order> {
  return deps.queue.run(() => insertOrder(deps, order, traceparent), traceparent);
}

/** The writes that make an order accepted; to be called in a transaction. */
export function insertOrder(
  deps: CreateOrderDeps,
  { customerId, amount }: NewOrder,
  traceparent?: string,
): Order {
  const createdAt = new Date(deps.now()).toISOString();
  const id = deps.newId();
  const order: Order = {
    id,
    customerId,
    amount,
    status: "PENDING",
    createdAt,
    updatedAt: createdAt,
  };
  deps.orders.insert(order);
  deps.append({
    eventId: deps.newId(),
    eventType: "ORDER_CREATED",
    data: { orderId: id, customerId, amount },
    createdAt,
    ...(traceparent === undefined ? {} : { traceparent }),
  });
  return order;
}
