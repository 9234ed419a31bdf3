import {
  adminSettings,
  allowedHostsSetting,
  databasePathSetting,
  hostSetting,
  inboxRetentionSetting,
  kafkaSettings,
  logFormatSetting,
  logLevelSetting,
  notificationRetentionSetting,
  portSetting,
  retryAttemptsSetting,
  retryMaxSetting,
} from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of notification-service, named like the environment variables they come from. */
export const NotificationConfig = Type.Object({
  PORT: portSetting(3003),
  HOST: hostSetting,
  ALLOWED_HOSTS: allowedHostsSetting,
  ...kafkaSettings,
  DATABASE_PATH: databasePathSetting("notifications.db"),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  ...adminSettings,
  INBOX_RETENTION: inboxRetentionSetting,
  NOTIFICATION_RETENTION: notificationRetentionSetting,
  RETRY_ATTEMPTS: retryAttemptsSetting,
  RETRY_MAX_MS: retryMaxSetting,
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
