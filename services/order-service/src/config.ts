import { consumingSettings, publishingSettings, serviceSettings } from "@order-outbox/service";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of order-service, named like the environment variables they come from. */
export const OrderConfig = Type.Object({
  ...serviceSettings({ port: 3001, database: "orders.db" }),
  ...consumingSettings,
  ...publishingSettings,
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

/** How long an Idempotency-Key is remembered, in milliseconds. */
export const keyRetentionOf = (config: OrderConfig): number =>
  config.IDEMPOTENCY_RETENTION_HOURS * 3_600_000;
