import { OrderId } from "@order-outbox/contracts";
import { CHANNEL_NAMES } from "@order-outbox/outside-world";
import { type Operations, operationRoutes } from "@order-outbox/service";
import { decodeCursor, openapi, PageQuery, toPage } from "@order-outbox/service-kit";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { version } from "../package.json" with { type: "json" };
import type { NotificationStore } from "./notification-store.ts";
import { listNotificationsDetail, type NotificationView } from "./operations.ts";

export interface AppDeps {
  notifications: NotificationStore;
  operations: Operations;
}

const NotificationsQuery = Type.Object({
  ...PageQuery.properties,
  orderId: Type.Optional(OrderId),
});
const NotificationsCursor = Type.Object({
  seq: Type.Integer(),
  channel: Type.Union(CHANNEL_NAMES.map((name) => Type.Literal(name))),
});

/** For clients that are typed by the routes. */
export type App = ReturnType<typeof createApp>;
export type { NotificationView };

export function createApp({ notifications, operations }: AppDeps) {
  return new Elysia({ name: "notification-service" })
    .use(operationRoutes(operations))
    .get(
      "/api/notifications",
      async function listNotifications({ query: { limit, cursor, orderId } }) {
        const after = decodeCursor(NotificationsCursor, cursor);
        const rows = await notifications.list({ orderId, after }, limit + 1);
        const page = toPage(rows, limit, ({ seq, channel }) => ({ seq, channel }));
        return { ...page, items: page.items.map(({ seq: _, ...item }): NotificationView => item) };
      },
      { query: NotificationsQuery, detail: listNotificationsDetail },
    )
    .use(openapi({ title: "notification-service", version, description: "Notifies customers." }));
}
