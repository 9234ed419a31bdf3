import type { Order } from "./order-store.ts";

/** What `POST /api/orders` answers to an accepted order. Plain JSON, because it may be stored. */
export interface OrderAnswer {
  status: 201;
  location: string;
  body: Pick<Order, "customerId" | "amount" | "status"> & { orderId: string; message: string };
}

export function answerTo({ id, customerId, amount, status }: Order): OrderAnswer {
  return {
    status: 201,
    location: `/api/orders/${id}`,
    body: { orderId: id, customerId, amount, status, message: "Order created successfully" },
  };
}
