import { defineEffect } from "@order-outbox/units";

export interface Payment {
  id: string;
  orderId: string;
  customerId: string;
  amount: number;
  status: "SUCCEEDED" | "FAILED";
  transactionId: string;
  /** Why a payment failed. */
  reason: string | null;
  createdAt: string;
}

/** A payment with its place in the order of commits. */
export interface ListedPayment extends Payment {
  seq: number;
}

export interface PaymentFilter {
  orderId?: string | undefined;
  beforeSeq?: number | undefined;
}

/** What can be read of payments; written are they by effects. */
export interface PaymentStore {
  findOfOrder(orderId: string): Promise<Payment | undefined>;
  /** Newest first. */
  list(filter: PaymentFilter, limit: number): Promise<ListedPayment[]>;
}

/** Stores an order's payment. Another one of the same order refuses, with the one that is there. */
export const insertPayment = defineEffect<Payment, Payment>("new payment", {
  keysOf: ({ orderId }) => [`order ${orderId}`],
});
