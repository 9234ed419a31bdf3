import { providerSettings } from "@order-outbox/outside-world";
import { consumingSettings, publishingSettings, serviceSettings } from "@order-outbox/service";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of payment-service, named like the environment variables they come from. */
export const PaymentConfig = Type.Object({
  ...serviceSettings({ port: 3002, database: "payments.db" }),
  ...consumingSettings,
  ...publishingSettings,
  ...providerSettings,
});

export type PaymentConfig = Static<typeof PaymentConfig>;
