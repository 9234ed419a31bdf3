import { OrderId } from "@order-outbox/contracts";
import { type Operations, operationRoutes } from "@order-outbox/service";
import { decodeCursor, openapi, PageQuery, toPage } from "@order-outbox/service-kit";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { version } from "../package.json" with { type: "json" };
import { listPaymentsDetail, type PaymentView } from "./operations.ts";
import type { ListedPayment, PaymentStore } from "./payment-store.ts";

export interface AppDeps {
  payments: PaymentStore;
  operations: Operations;
}

const PaymentsQuery = Type.Object({
  ...PageQuery.properties,
  orderId: Type.Optional(OrderId),
});
const PaymentsCursor = Type.Object({ seq: Type.Integer() });

/** For clients that are typed by the routes. */
export type App = ReturnType<typeof createApp>;
export type { PaymentView };

export function createApp({ payments, operations }: AppDeps) {
  return new Elysia({ name: "payment-service" })
    .use(operationRoutes(operations))
    .get(
      "/api/payments",
      async function listPayments({ query: { limit, cursor, orderId } }) {
        const beforeSeq = decodeCursor(PaymentsCursor, cursor)?.seq;
        const rows = await payments.list({ orderId, beforeSeq }, limit + 1);
        const page = toPage<ListedPayment>(rows, limit, ({ seq }) => ({ seq }));
        return { ...page, items: page.items.map(({ seq: _, ...payment }): PaymentView => payment) };
      },
      { query: PaymentsQuery, detail: listPaymentsDetail },
    )
    .use(openapi({ title: "payment-service", version, description: "Charges orders." }));
}
