import { dirname, join } from "node:path";
import type { Tracing } from "@order-outbox/telemetry";
import { type Static, type TObject, Type } from "@sinclair/typebox";
import type { PaymentProvider } from "./payment-provider.ts";
import { openSimulatedProvider } from "./simulated-provider.ts";
import { traceProvider } from "./trace-provider.ts";

/** The settings of {@link openProvider}, for the schema of a service. */
export const providerSettings = {
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
};

/** What {@link openProvider} reads of the settings of its service. */
export type ProviderConfig = Static<TObject<typeof providerSettings>> & { DATABASE_PATH: string };

/** The provider that the settings describe; its charges are traced when anything is. */
export function openProvider(
  config: ProviderConfig,
  tracing: Tracing | undefined,
): PaymentProvider {
  const provider = openSimulatedProvider({
    ledgerPath:
      config.PAYMENT_LEDGER_PATH ?? join(dirname(config.DATABASE_PATH), "provider-ledger.db"),
    successRate: config.PAYMENT_SUCCESS_RATE,
    latencyMs: config.PAYMENT_LATENCY_MS,
    seed: config.PAYMENT_SEED,
    now: Date.now,
  });
  return tracing === undefined ? provider : traceProvider(provider, tracing);
}
