import { consumingSettings, publishingSettings, serviceSettings } from "@order-outbox/service";
import { type Static, Type } from "@sinclair/typebox";

/** The settings of payment-service, named like the environment variables they come from. */
export const PaymentConfig = Type.Object({
  ...serviceSettings({ port: 3002, database: "payments.db" }),
  ...consumingSettings,
  ...publishingSettings,
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
