import { EVENTS } from "@order-outbox/contracts";
import { openProvider } from "@order-outbox/outside-world";
import { runService } from "@order-outbox/service";
import { createApp } from "./app.ts";
import { PaymentConfig } from "./config.ts";
import { processPayment } from "./process-payment.ts";
import { PAYMENT_TABLES } from "./sqlite/stores.ts";

await runService({
  name: "payment-service",
  config: PaymentConfig,
  events: EVENTS,
  tables: PAYMENT_TABLES,
  publishes: ["PAYMENT_SUCCEEDED", "PAYMENT_FAILED"],
  outside: ({ config, tracing }) => ({ provider: openProvider(config, tracing) }),
  consumes: ({ stores: { payments }, outside: { provider }, logger, now }) => ({
    ORDER_CREATED: processPayment({ provider, payments, logger, now }),
  }),
  app: ({ stores, operations }) => createApp({ ...stores, operations }),
});
