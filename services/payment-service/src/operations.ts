import { Amount, CustomerId, OrderId } from "@order-outbox/contracts";
import { Timestamp } from "@order-outbox/events";
import { operation, pageOf } from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** A payment as it is answered. */
export type PaymentView = Static<typeof PaymentView>;
export const PaymentView = Type.Object(
  {
    id: Type.String({ format: "uuid", examples: ["0198f6a2-0000-7000-8000-00000000a001"] }),
    orderId: OrderId,
    customerId: CustomerId,
    amount: Amount,
    status: Type.Union([Type.Literal("SUCCEEDED"), Type.Literal("FAILED")]),
    transactionId: Type.String({
      description: "The provider's id of the attempt.",
      examples: ["txn_0f5e3a9c71d24b68"],
    }),
    reason: Type.Union([Type.Null(), Type.String()], {
      description: "Why a payment failed.",
      examples: [null],
    }),
    createdAt: Timestamp,
  },
  { $id: "Payment" },
);

export const listPaymentsDetail = operation({
  summary: "Payments, newest first",
  description: "One per order for ever, whatever is delivered again.",
  tags: ["payments"],
  answers: { 200: { description: "A page of payments", body: pageOf(PaymentView) } },
});
