import { dirname, join } from "node:path";
import type { Tracing } from "@order-outbox/telemetry";
import type { PaymentConfig } from "./config.ts";
import { openSimulatedProvider, type PaymentProvider } from "./payment-provider.ts";
import { traceProvider } from "./trace-provider.ts";

/** The provider that the settings describe; its charges are traced when anything is. */
export function openProvider(config: PaymentConfig, tracing: Tracing | undefined): PaymentProvider {
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
