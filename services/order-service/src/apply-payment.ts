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

/** Sets the status of an order to what its payment came to. The first result wins. */
export function applyPayment(deps: ApplyPaymentDeps): EventHandler<PaymentResult> {
  return {
    apply(event) {
      const { orderId } = event.data;
      const status = STATUS_OF[event.type];
      const ids = { orderId, eventId: event.id, traceId: traceIdOf(event.traceparent) };
      if (deps.orders.settle(orderId, status, new Date(deps.now()).toISOString())) {
        deps.logger.info({ ...ids, status }, "order settled");
        return;
      }
      const order = deps.orders.find(orderId);
      if (order === undefined) {
        throw new AppError("HANDLER_FAILED", `there is no order ${orderId} in this database`);
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
