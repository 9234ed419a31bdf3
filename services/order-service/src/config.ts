import {
  databasePathSetting,
  hostSetting,
  kafkaHostSetting,
  logFormatSetting,
  logLevelSetting,
  outboxPollSetting,
  portSetting,
} from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of order-service, named like the environment variables they come from. */
export const OrderConfig = Type.Object({
  PORT: portSetting(3001),
  HOST: hostSetting,
  KAFKA_HOST: kafkaHostSetting,
  DATABASE_PATH: databasePathSetting("orders.db"),
  LOG_LEVEL: logLevelSetting,
  LOG_FORMAT: logFormatSetting,
  OUTBOX_POLL_MS: outboxPollSetting,
});

export type OrderConfig = Static<typeof OrderConfig>;
