import { Amount, CustomerId, OrderId } from "@order-outbox/contracts";
import { Timestamp } from "@order-outbox/events";
import { operation, pageOf, WRITE_PROBLEMS } from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

const tags = ["orders"];

export const OrderStatusSchema = Type.Union(
  [Type.Literal("PENDING"), Type.Literal("PAID"), Type.Literal("PAYMENT_FAILED")],
  { description: "PENDING until the payment's result is known; then final." },
);

/** An order as it is answered. */
export type OrderView = Static<typeof OrderView>;
export const OrderView = Type.Object(
  {
    id: OrderId,
    customerId: CustomerId,
    amount: Amount,
    status: OrderStatusSchema,
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { $id: "Order" },
);

const AcceptedOrder = Type.Object(
  {
    orderId: OrderId,
    customerId: CustomerId,
    amount: Amount,
    status: Type.Literal("PENDING"),
    message: Type.String({ examples: ["Order created successfully"] }),
  },
  { $id: "AcceptedOrder" },
);

const IdempotencyKey = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: "^[!-~]+$",
    description:
      "Makes it safe to send the order again: for 24 hours one key makes one order, and the first answer is given again. Any visible ASCII; take a random UUID, as keys are common to all clients.",
    examples: ["0198f6a2-0000-7000-8000-00000000c0de"],
  }),
);

export const postOrderDetail = operation({
  summary: "Place an order",
  description: "201 means durable: the order and its event are on the disk.",
  tags,
  headers: { "Idempotency-Key": IdempotencyKey },
  answers: {
    201: {
      description: "The order is accepted, by this request or by an earlier one of the same key",
      body: AcceptedOrder,
      headers: {
        Location: Type.String({
          format: "uri-reference",
          examples: ["/api/orders/0198f6a2-0000-7000-8000-000000000001"],
        }),
        "Idempotent-Replayed": Type.Optional(
          Type.Literal("true", { description: "The answer was given before." }),
        ),
      },
      links: {
        order: { operationId: "getOrder", parameters: { orderId: "$response.body#/orderId" } },
      },
    },
  },
  problems: ["IDEMPOTENCY_KEY_REUSED", ...WRITE_PROBLEMS],
});

export const getOrderDetail = operation({
  summary: "One order",
  tags,
  answers: { 200: { description: "The order", body: OrderView } },
  problems: ["NOT_FOUND"],
});

export const listOrdersDetail = operation({
  summary: "Orders, newest first",
  tags,
  answers: { 200: { description: "A page of orders", body: pageOf(OrderView) } },
});
