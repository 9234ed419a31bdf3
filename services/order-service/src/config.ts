import {
  adminSettings,
  allowedHostsSetting,
  databasePathSetting,
  hostSetting,
  inboxRetentionSetting,
  kafkaSettings,
  logFormatSetting,
  logLevelSetting,
  outboxBackoffSetting,
  outboxPollSetting,
  outboxRetentionSetting,
  portSetting,
  retryAttemptsSetting,
  retryMaxSetting,
} from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of order-service, named like the environment variables they come from. */
export const OrderConfig = Type.Object({
  PORT: portSetting(3001),
  HOST: hostSetting,
  ALLOWED_HOSTS: allowedHostsSetting,
  ...kafkaSettings,
  DATABASE_PATH: databasePathSetting("orders.db"),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  ...adminSettings,
  RETRY_ATTEMPTS: retryAttemptsSetting,
  RETRY_MAX_MS: retryMaxSetting,
  OUTBOX_POLL_MS: outboxPollSetting,
  OUTBOX_RETENTION: outboxRetentionSetting,
  INBOX_RETENTION: inboxRetentionSetting,
  OUTBOX_BACKOFF_MAX_MS: outboxBackoffSetting,
  COMMIT_QUEUE_LIMIT: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: "How many writes may wait for their commit; one more is refused with 503.",
  }),
  IDEMPOTENCY_RETENTION_HOURS: Type.Integer({
    minimum: 1,
    maximum: 8_760,
    default: 24,
    description: "How long an Idempotency-Key is remembered; afterwards it counts as new.",
  }),
});

export type OrderConfig = Static<typeof OrderConfig>;
