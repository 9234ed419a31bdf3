import { traceIdOf } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import type { EventHandler } from "@order-outbox/inbox";
import type { Logger } from "@order-outbox/service-kit";
import type { OrderStatus, OrderStore } from "./order-store.ts";

export interface ApplyPaymentDeps {
  orders: OrderStore;
  logger: Logger;
  now(): number;
}

type PaymentResult = "PAYMENT_SUCCEEDED" | "PAYMENT_FAILED";

const STATUS_OF: Readonly<Record<PaymentResult, OrderStatus>> = {
  PAYMENT_SUCCEEDED: "PAID",
  PAYMENT_FAILED: "PAYMENT_FAILED",
};

/**
 * Sets the status of an order to what its payment came to. The first result wins, and one that is
 * about another customer or amount is refused.
 */
export function applyPayment(deps: ApplyPaymentDeps): EventHandler<PaymentResult> {
  return {
    apply(event) {
      const { orderId, customerId, amount } = event.data;
      const status = STATUS_OF[event.type];
      const ids = { orderId, eventId: event.id, traceId: traceIdOf(event.traceparent) };
      const paid = { id: orderId, customerId, amount };
      if (deps.orders.settle(paid, status, new Date(deps.now()).toISOString())) {
        deps.logger.info({ ...ids, status }, "order settled");
        return;
      }
      const order = deps.orders.find(orderId);
      if (order === undefined) {
        throw new AppError("HANDLER_FAILED", `there is no order ${orderId} in this database`);
      }
      if (order.customerId !== customerId || order.amount !== amount) {
        const words = `the payment is about another customer or amount than order ${orderId}`;
        throw new AppError("EVENT_CONTRADICTS", words);
      }
      if (order.status !== status) {
        deps.logger.warn(
          { ...ids, status: order.status, contradicting: status },
          "a second payment result contradicts the first, which stands",
        );
      }
    },
  };
}
