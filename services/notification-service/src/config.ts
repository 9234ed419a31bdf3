import { channelSettings } from "@order-outbox/outside-world";
import { consumingSettings, serviceSettings } from "@order-outbox/service";
import { notificationRetentionSetting } from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of notification-service, named like the environment variables they come from. */
export const NotificationConfig = Type.Object({
  ...serviceSettings({ port: 3003, database: "notifications.db" }),
  ...consumingSettings,
  NOTIFICATION_RETENTION: notificationRetentionSetting,
  ...channelSettings,
});

export type NotificationConfig = Static<typeof NotificationConfig>;
