import { consumingSettings, serviceSettings } from "@order-outbox/service";
import { notificationRetentionSetting } from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of notification-service, named like the environment variables they come from. */
export const NotificationConfig = Type.Object({
  ...serviceSettings({ port: 3003, database: "notifications.db" }),
  ...consumingSettings,
  NOTIFICATION_RETENTION: notificationRetentionSetting,
  CHANNELS_LEDGER_PATH: Type.Optional(
    Type.String({
      minLength: 1,
      expected: "the path of a file",
      description:
        "The simulated channels' own records; channels-ledger.db beside the database when unset.",
    }),
  ),
});

export type NotificationConfig = Static<typeof NotificationConfig>;
