import { Amount, CustomerId, OrderId } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { traceIdOf } from "@order-outbox/events";
import { type Operations, operationRoutes } from "@order-outbox/service";
import { decodeCursor, openapi, PageQuery, toPage, traceparentOf } from "@order-outbox/service-kit";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { version } from "../package.json" with { type: "json" };
import { type AcceptOrderDeps, acceptOrder } from "./accept-order.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import { getOrderDetail, listOrdersDetail, type OrderView, postOrderDetail } from "./operations.ts";
import type { ListedOrder, OrderStore } from "./order-store.ts";

export interface AppDeps extends AcceptOrderDeps {
  orders: OrderStore;
  operations: Operations;
}

const NewOrder = Type.Object({ customerId: CustomerId, amount: Amount });
const OrderPath = Type.Object({ orderId: OrderId });
const OrdersQuery = Type.Object({
  ...PageQuery.properties,
  customerId: Type.Optional(CustomerId),
  status: Type.Optional(
    Type.Union([Type.Literal("PENDING"), Type.Literal("PAID"), Type.Literal("PAYMENT_FAILED")]),
  ),
});
const OrdersCursor = Type.Object({ seq: Type.Integer() });

/** For clients that are typed by the routes. */
export type App = ReturnType<typeof createApp>;
export type { OrderView };

export function createApp(deps: AppDeps) {
  return new Elysia({ name: "order-service" })
    .use(operationRoutes(deps.operations))
    .post(
      "/api/orders",
      async function postOrder({ body, request, set }) {
        const key = readIdempotencyKey(request.headers);
        const traceparent = traceparentOf(request);
        const { answer, replayed } = await acceptOrder(deps, body, { key, traceparent });
        const { orderId } = answer.body;
        const requestId = set.headers["x-request-id"];
        const traceId = traceIdOf(traceparent);
        const words = replayed ? "order accepted before, answered again" : "order accepted";
        deps.operations.logger.info({ orderId, requestId, traceId }, words);
        set.status = answer.status;
        set.headers.location = answer.location;
        if (replayed) set.headers["idempotent-replayed"] = "true";
        return answer.body;
      },
      { body: NewOrder, detail: postOrderDetail },
    )
    .get(
      "/api/orders/:orderId",
      async function getOrder({ params: { orderId } }): Promise<OrderView> {
        const order = await deps.orders.find(orderId);
        if (order === undefined) throw new AppError("NOT_FOUND", `There is no order ${orderId}.`);
        return order;
      },
      { params: OrderPath, detail: getOrderDetail },
    )
    .get(
      "/api/orders",
      async function listOrders({ query: { limit, cursor, customerId, status } }) {
        const beforeSeq = decodeCursor(OrdersCursor, cursor)?.seq;
        const rows = await deps.orders.list({ customerId, status, beforeSeq }, limit + 1);
        const page = toPage<ListedOrder>(rows, limit, ({ seq }) => ({ seq }));
        return { ...page, items: page.items.map(({ seq: _, ...order }): OrderView => order) };
      },
      { query: OrdersQuery, detail: listOrdersDetail },
    )
    .use(openapi({ title: "order-service", version, description: "Takes orders." }));
}
