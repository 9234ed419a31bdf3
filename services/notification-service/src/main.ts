import { EVENTS } from "@order-outbox/contracts";
import { openChannels } from "@order-outbox/outside-world";
import { runService } from "@order-outbox/service";
import { parseDuration } from "@order-outbox/service-kit";
import { createApp } from "./app.ts";
import { NotificationConfig } from "./config.ts";
import { notify } from "./notify.ts";
import { NOTIFICATION_TABLES } from "./sqlite/stores.ts";

await runService({
  name: "notification-service",
  config: NotificationConfig,
  events: EVENTS,
  tables: NOTIFICATION_TABLES,
  outside: ({ config, tracing }) => ({ channels: openChannels(config, tracing) }),
  consumes({ stores: { notifications }, outside, logger, now }) {
    const deps = { channels: outside.channels.all, notifications, logger, now };
    return {
      ORDER_CREATED: notify(deps),
      PAYMENT_SUCCEEDED: notify(deps, "created"),
      PAYMENT_FAILED: notify(deps, "created"),
    };
  },
  forgets: ({ config, stores: { notifications } }) => [
    { target: notifications.prunable, keepMs: parseDuration(config.NOTIFICATION_RETENTION) },
  ],
  app: ({ stores, operations }) => createApp({ ...stores, operations }),
});
