import type { DomainEvent } from "@order-outbox/contracts";
import { newEventId } from "@order-outbox/events";
import type { PaymentProvider } from "@order-outbox/outside-world";
import { createLogger } from "@order-outbox/service-kit";
import type { Database } from "@order-outbox/sqlite";
import { createApp } from "./app.ts";
import { processPayment } from "./process-payment.ts";
import { PAYMENT_TABLES } from "./sqlite/stores.ts";

/** For tests: what payment-service does, on a real database file, without a broker. */
export interface TestService extends Disposable {
  readonly db: Database;
  /** Works on an event as an inbox does: prepares it, decides, and commits. */
  work(event: OrderCreated): Promise<void>;
  request(path: string): Promise<Response>;
}

export type OrderCreated = DomainEvent<"ORDER_CREATED">;

export function orderCreated(orderId: string = crypto.randomUUID()): OrderCreated {
  return {
    id: newEventId(),
    type: "ORDER_CREATED",
    source: "/order-service",
    time: "2026-01-01T00:00:00.000Z",
    subject: orderId,
    data: { orderId, customerId: "customer-1", amount: 99.99 },
  };
}

export function openTestService(path: string, provider: PaymentProvider): TestService {
  const database = PAYMENT_TABLES.open({
    service: "payment-service",
    database: path,
    publishes: true,
    consumes: true,
    now: Date.now,
  });
  const { payments } = database.stores;
  const logger = createLogger({
    service: "payment-service",
    format: "json",
    destination: { write() {} },
  });
  const handler = processPayment({
    provider,
    payments,
    logger,
    now: Date.now,
  });
  const app = createApp({
    payments,
    operations: { logger, health: { service: "payment-service", readiness: () => "ready" } },
  });
  return {
    db: database.db,
    async work(event) {
      const charge = await handler.prepare?.(event);
      const decision = handler.decide(event, charge);
      if ("error" in decision) throw decision.error;
      const result = await database.units.commit({ effects: decision });
      if (!result.committed) throw handler.refused?.(event, result.refusal);
      handler.done?.(event, result.results, charge);
    },
    request: async (path) => app.handle(new Request(`http://localhost${path}`)),
    [Symbol.dispose]: database.close,
  };
}
