import { type DomainEvent, EVENTS, type EventData } from "@order-outbox/contracts";
import { AppError, isAppError, isoTime } from "@order-outbox/errors";
import { followUpEventId, traceIdOf } from "@order-outbox/events";
import type { EventHandler } from "@order-outbox/inbox";
import { publish } from "@order-outbox/outbox";
import { type ChargeResult, chargeKey, type PaymentProvider } from "@order-outbox/outside-world";
import type { Logger } from "@order-outbox/service-kit";
import { insertPayment, type Payment, type PaymentStore } from "./payment-store.ts";

export interface ProcessPaymentDeps {
  provider: PaymentProvider;
  payments: PaymentStore;
  logger: Logger;
  now(): number;
}

type OrderCreated = DomainEvent<"ORDER_CREATED">;

/** What became of a charge; `undefined` when the payment of this very event is recorded already. */
type Charged = ChargeResult | undefined;

/**
 * Charges an accepted order, records the payment and announces the result. One order is charged
 * once: the key of the charge is the order's, and an event that contradicts what was charged is
 * refused before. The ids of payment and result follow from the event's: worked again, even by an
 * empty database, an order has the same payment, announced under the same id.
 */
export function processPayment(
  deps: ProcessPaymentDeps,
): EventHandler<DomainEvent<"ORDER_CREATED">, Charged> {
  return {
    limitMs: deps.provider.limitMs,
    async prepare(event) {
      const { orderId } = event.data;
      const payment = await deps.payments.findOfOrder(orderId);
      if (payment === undefined) return charge(deps.provider, event);
      refuseAnother(payment, event);
      return undefined;
    },
    decide(event, charge) {
      if (charge === undefined) return [];
      const { orderId, customerId, amount } = event.data;
      const createdAt = isoTime(deps.now());
      const { transactionId } = charge;
      const payment: Payment = {
        id: paymentIdOf(event),
        orderId,
        customerId,
        amount,
        status: statusOf(charge),
        transactionId,
        reason: charge.outcome === "DECLINED" ? charge.reason : null,
        createdAt,
      };
      const result = resultOf(charge, { orderId, customerId, amount });
      const eventId = followUpEventId(event.id, result.eventType);
      const { traceparent } = event;
      return [
        insertPayment(payment),
        publish(EVENTS, { ...result, eventId, createdAt, traceparent }),
      ];
    },
    refused: (event) => contradiction(event),
    done({ id: eventId, data: { orderId, amount }, traceparent }, _results, charge) {
      if (charge === undefined) return;
      const status = statusOf(charge);
      const { transactionId } = charge;
      const traceId = traceIdOf(traceparent);
      deps.logger.info(
        { orderId, eventId, traceId, transactionId, amount, status },
        status === "SUCCEEDED" ? "payment succeeded" : "payment failed",
      );
    },
  };
}

const statusOf = ({ outcome }: ChargeResult): Payment["status"] =>
  outcome === "ACCEPTED" ? "SUCCEEDED" : "FAILED";

const paymentIdOf = ({ id }: OrderCreated): string => followUpEventId(id, "PAYMENT");

function refuseAnother(payment: Payment, event: OrderCreated): void {
  const { customerId, amount } = event.data;
  const same = payment.customerId === customerId && payment.amount === amount;
  if (same && payment.id === paymentIdOf(event)) return;
  throw contradiction(event);
}

function contradiction({ data: { orderId } }: OrderCreated): AppError {
  const words = `order ${orderId} has its payment, of another event or with other data`;
  return new AppError("EVENT_CONTRADICTS", words);
}

async function charge(provider: PaymentProvider, event: OrderCreated): Promise<ChargeResult> {
  const { id: eventId, traceparent } = event;
  const { orderId, customerId, amount } = event.data;
  const idempotencyKey = chargeKey(orderId);
  const request = { idempotencyKey, orderId, customerId, amount, eventId, traceparent };
  try {
    return await provider.charge(request);
  } catch (error) {
    if (!isAppError(error, "IDEMPOTENCY_KEY_REUSED")) throw error;
    throw new AppError("EVENT_CONTRADICTS", error.message, { cause: error });
  }
}

function resultOf(charge: ChargeResult, order: EventData<"ORDER_CREATED">) {
  return charge.outcome === "ACCEPTED"
    ? {
        eventType: "PAYMENT_SUCCEEDED" as const,
        data: { ...order, transactionId: charge.transactionId },
      }
    : { eventType: "PAYMENT_FAILED" as const, data: { ...order, reason: charge.reason } };
}
