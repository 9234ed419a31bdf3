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

/** The settings of payment-service, named like the environment variables they come from. */
export const PaymentConfig = Type.Object({
  PORT: portSetting(3002),
  HOST: hostSetting,
  ALLOWED_HOSTS: allowedHostsSetting,
  ...kafkaSettings,
  DATABASE_PATH: databasePathSetting("payments.db"),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  ...adminSettings,
  RETRY_ATTEMPTS: retryAttemptsSetting,
  RETRY_MAX_MS: retryMaxSetting,
  OUTBOX_POLL_MS: outboxPollSetting,
  OUTBOX_RETENTION: outboxRetentionSetting,
  INBOX_RETENTION: inboxRetentionSetting,
  OUTBOX_BACKOFF_MAX_MS: outboxBackoffSetting,
  PAYMENT_SUCCESS_RATE: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.9,
    description: "The share of charges that the simulated provider accepts.",
  }),
  PAYMENT_LATENCY_MS: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 0,
    description: "How long the simulated provider takes for a charge, in milliseconds.",
  }),
  PAYMENT_SEED: Type.String({
    default: "",
    description: "Another seed gives other outcomes for the same charges.",
  }),
  PAYMENT_LEDGER_PATH: Type.Optional(
    Type.String({
      minLength: 1,
      expected: "the path of a file",
      description:
        "The simulated provider's own records; provider-ledger.db beside the database when unset.",
    }),
  ),
});

export type PaymentConfig = Static<typeof PaymentConfig>;
