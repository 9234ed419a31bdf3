import { OrderId } from "@order-outbox/contracts";
import {
  type AdminOptions,
  adminRoutes,
  decodeCursor,
  type HealthOptions,
  health,
  type Logger,
  type Metrics,
  metricsRoute,
  openapi,
  PageQuery,
  problemJson,
  toPage,
} from "@order-outbox/service-kit";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { version } from "../package.json" with { type: "json" };
import { CHANNEL_NAMES } from "./channels.ts";
import type { NotificationStore } from "./notification-store.ts";
import { listNotificationsDetail, type NotificationView } from "./operations.ts";

export interface AppDeps {
  notifications: NotificationStore;
  logger: Logger;
  health: HealthOptions;
  /** Without it there is no /metrics. */
  metrics?: Metrics | undefined;
  /** Without it there are no admin routes. */
  admin?: AdminOptions | undefined;
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

export function createApp({
  notifications,
  logger,
  health: healthOptions,
  metrics,
  admin,
}: AppDeps) {
  return new Elysia({ name: "notification-service" })
    .use(problemJson({ logger }))
    .use(health(healthOptions))
    .use(metrics === undefined ? new Elysia() : metricsRoute(metrics))
    .use(admin === undefined ? new Elysia() : adminRoutes(admin))
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
