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
import { type Static, type TObject, Type } from "@sinclair/typebox";

/** The settings of every service, with its own defaults: the port, and the name of its database. */
export const serviceSettings = ({ port, database }: { port: number; database: string }) => ({
  PORT: portSetting(port),
  HOST: hostSetting,
  ALLOWED_HOSTS: allowedHostsSetting,
  ...kafkaSettings,
  DATABASE_PATH: databasePathSetting(database),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  ...adminSettings,
});

/** The settings of a service that consumes; a schema that leaves them out has the defaults. */
export const consumingSettings = {
  RETRY_ATTEMPTS: retryAttemptsSetting,
  RETRY_MAX_MS: retryMaxSetting,
  INBOX_RETENTION: inboxRetentionSetting,
};

/** The settings of a service that publishes; a schema that leaves them out has the defaults. */
export const publishingSettings = {
  OUTBOX_POLL_MS: outboxPollSetting,
  OUTBOX_RETENTION: outboxRetentionSetting,
  OUTBOX_BACKOFF_MAX_MS: outboxBackoffSetting,
};

/** The settings that `runService` reads of every service. */
export type ServiceConfig = Static<TObject<ReturnType<typeof serviceSettings>>> & {
  /** How many writes may wait for their commit. */
  COMMIT_QUEUE_LIMIT?: number;
};

export const Consuming = Type.Object(consumingSettings);
export type Consuming = Static<typeof Consuming>;

export const Publishing = Type.Object(publishingSettings);
export type Publishing = Static<typeof Publishing>;
