import { EVENTS } from "@order-outbox/contracts";
import { newEventId } from "@order-outbox/events";
import { runService } from "@order-outbox/service";
import { createApp } from "./app.ts";
import { applyPayment } from "./apply-payment.ts";
import { keyRetentionOf, OrderConfig } from "./config.ts";
import { ORDER_TABLES } from "./sqlite/stores.ts";

await runService({
  name: "order-service",
  config: OrderConfig,
  events: EVENTS,
  tables: ORDER_TABLES,
  publishes: ["ORDER_CREATED"],
  consumes: ({ logger, now }) => ({
    PAYMENT_SUCCEEDED: applyPayment({ logger, now }),
    PAYMENT_FAILED: applyPayment({ logger, now }),
  }),
  forgets: ({ config, stores: { keys } }) => [
    { target: keys.prunable, keepMs: keyRetentionOf(config), everyMs: 60_000 },
  ],
  app: ({ config, stores, units, now, ageing, operations }) =>
    createApp({
      ...stores,
      units,
      sources: { newId: newEventId, now },
      keyRetentionMs: keyRetentionOf(config),
      keyClock: ageing,
      operations,
    }),
});
