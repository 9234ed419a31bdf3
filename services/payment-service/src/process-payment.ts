import {
  EVENTS,
  type EventData,
  type EventType,
  followUpEventId,
  traceIdOf,
} from "@order-outbox/contracts";
import type { EventHandler } from "@order-outbox/inbox";
import type { OutboxEvent } from "@order-outbox/outbox";
import type { Logger } from "@order-outbox/service-kit";
import type { ChargeResult, PaymentProvider } from "./payment-provider.ts";
import type { PaymentStore } from "./payment-store.ts";

export interface ProcessPaymentDeps {
  provider: PaymentProvider;
  payments: PaymentStore;
  append(event: OutboxEvent): void;
  logger: Logger;
  now(): number;
}

/**
 * Charges an accepted order, records the payment and announces the result. The event's id is the
 * key of the charge, and the ids of payment and result follow from it: worked again, even by an
 * empty database, an order is charged once and announced under the same id.
 */
export function processPayment(
  deps: ProcessPaymentDeps,
): EventHandler<"ORDER_CREATED", ChargeResult> {
  return {
    prepare: ({ id, data: { orderId, customerId, amount }, traceparent }) =>
      deps.provider.charge({ idempotencyKey: id, orderId, customerId, amount, traceparent }),
    apply(event, charge) {
      const { orderId, customerId, amount } = event.data;
      const createdAt = new Date(deps.now()).toISOString();
      const status = charge.outcome === "ACCEPTED" ? "SUCCEEDED" : "FAILED";
      const reason = charge.outcome === "DECLINED" ? charge.reason : null;
      const { transactionId } = charge;
      deps.payments.insert({
        id: followUpEventId(event.id, "PAYMENT"),
        orderId,
        customerId,
        amount,
        status,
        transactionId,
        reason,
        createdAt,
      });
      const result = resultOf(charge, { orderId, customerId, amount });
      deps.append({
        eventId: followUpEventId(event.id, result.type),
        eventType: result.type,
        topic: EVENTS[result.type].topic,
        orderId,
        partitionKey: orderId,
        data: result.data,
        createdAt,
        ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
      });
      deps.logger.info(
        {
          orderId,
          eventId: event.id,
          traceId: traceIdOf(event.traceparent),
          transactionId,
          amount,
          status,
        },
        status === "SUCCEEDED" ? "payment succeeded" : "payment failed",
      );
    },
  };
}

type PaymentResult = {
  [T in Extract<EventType, `PAYMENT_${string}`>]: { type: T; data: EventData<T> };
}[Extract<EventType, `PAYMENT_${string}`>];

function resultOf(charge: ChargeResult, order: EventData<"ORDER_CREATED">): PaymentResult {
  return charge.outcome === "ACCEPTED"
    ? { type: "PAYMENT_SUCCEEDED", data: { ...order, transactionId: charge.transactionId } }
    : { type: "PAYMENT_FAILED", data: { ...order, reason: charge.reason } };
}
