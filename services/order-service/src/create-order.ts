import { EVENTS } from "@order-outbox/contracts";
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
 */
export function createOrder(deps: CreateOrderDeps, order: NewOrder): Promise<Order> {
  return deps.queue.run(() => insertOrder(deps, order));
}

/** The writes that make an order accepted; to be called in a transaction. */
export function insertOrder(deps: CreateOrderDeps, { customerId, amount }: NewOrder): Order {
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
    topic: EVENTS.ORDER_CREATED.topic,
    orderId: id,
    partitionKey: id,
    data: { orderId: id, customerId, amount },
    createdAt,
  });
  return order;
}
