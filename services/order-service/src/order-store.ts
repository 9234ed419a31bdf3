import { defineEffect } from "@order-outbox/units";

/** The first final state of an order wins. */
export type OrderStatus = "PENDING" | "PAID" | "PAYMENT_FAILED";

export interface Order {
  id: string;
  customerId: string;
  amount: number;
  status: OrderStatus;
  createdAt: string;
  updatedAt: string;
}

/** An order with its place in the order of commits. */
export interface ListedOrder extends Order {
  seq: number;
}

export interface OrderFilter {
  customerId?: string | undefined;
  status?: OrderStatus | undefined;
  /** Only orders that were accepted before this one. */
  beforeSeq?: number | undefined;
}

/** What can be read of orders; written are they by effects. */
export interface OrderStore {
  find(id: string): Promise<Order | undefined>;
  /** Newest first. */
  list(filter: OrderFilter, limit: number): Promise<ListedOrder[]>;
}

/** Stores a new order; its id was made for it. */
export const insertOrder = defineEffect<Order>("new order");

/** What an order's payment came to. */
export interface FinalStatus {
  orderId: string;
  /** As the payment has it. */
  customerId: string;
  amount: number;
  status: OrderStatus;
  /** ISO 8601, UTC. */
  at: string;
}

/**
 * Moves a pending order to a final state. One that is final already is kept; one of another customer
 * or amount refuses, and so does one that is not there.
 */
export const setOrderStatus = defineEffect<FinalStatus, Order | undefined>("order status", {
  keysOf: ({ orderId }) => [`order ${orderId}`],
});
