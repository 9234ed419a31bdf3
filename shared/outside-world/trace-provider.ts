import type { Tracing } from "@order-outbox/telemetry";
import type { PaymentProvider } from "./payment-provider.ts";

/** `provider`, each of whose charges is a span. */
export function traceProvider(provider: PaymentProvider, tracing: Tracing): PaymentProvider {
  return {
    ...provider,
    charge: (request) =>
      tracing.call(
        {
          name: "charge payment-provider",
          peer: "payment-provider",
          traceparent: request.traceparent,
        },
        (traceparent) => provider.charge({ ...request, traceparent }),
      ),
  };
}
