import type { DomainEvent } from "@order-outbox/contracts";
import { AppError, isoTime } from "@order-outbox/errors";
import { traceIdOf } from "@order-outbox/events";
import type { EventHandler } from "@order-outbox/inbox";
import type { Logger } from "@order-outbox/service-kit";
import { type Order, type OrderStatus, setOrderStatus } from "./order-store.ts";

export interface ApplyPaymentDeps {
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
export function applyPayment({
  logger,
  now,
}: ApplyPaymentDeps): EventHandler<DomainEvent<PaymentResult>> {
  return {
    decide({ type, data: { orderId, customerId, amount } }) {
      const at = isoTime(now());
      return [setOrderStatus({ orderId, customerId, amount, status: STATUS_OF[type], at })];
    },
    refused({ data: { orderId } }, { found }) {
      return (found as Order | undefined) === undefined
        ? new AppError("HANDLER_FAILED", `there is no order ${orderId} in this database`)
        : new AppError(
            "EVENT_CONTRADICTS",
            `the payment is about another customer or amount than order ${orderId}`,
          );
    },
    done(event, results) {
      const { orderId } = event.data;
      const status = STATUS_OF[event.type];
      const ids = { orderId, eventId: event.id, traceId: traceIdOf(event.traceparent) };
      const outcome = results.of(setOrderStatus);
      if (outcome.status === "done") {
        logger.info({ ...ids, status }, "order settled");
      } else if (outcome.found?.status !== status) {
        logger.warn(
          { ...ids, status: outcome.found?.status, contradicting: status },
          "a second payment result contradicts the first, which stands",
        );
      }
    },
  };
}
