import { type DomainEvent, newEventId } from "@order-outbox/contracts";
import { prepareAppend } from "@order-outbox/outbox";
import { createLogger } from "@order-outbox/service-kit";
import {
  closeDatabase,
  createCommitQueue,
  type Database,
  migrate,
  openDatabase,
} from "@order-outbox/sqlite";
import { createApp } from "./app.ts";
import type { PaymentProvider } from "./payment-provider.ts";
import { createPaymentStore } from "./payment-store.ts";
import { processPayment } from "./process-payment.ts";
import { MIGRATIONS } from "./schema.ts";

/** For tests: what payment-service does, on a real database file, without a broker. */
export interface TestService extends Disposable {
  readonly db: Database;
  /** Works on an event as an inbox does: prepares it, then applies it in a transaction. */
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
  const db = openDatabase(path);
  migrate(db, MIGRATIONS);
  const payments = createPaymentStore(db);
  const queue = createCommitQueue(db);
  const logger = createLogger({
    service: "payment-service",
    format: "json",
    destination: { write() {} },
  });
  const handler = processPayment({
    provider,
    payments,
    append: prepareAppend(db),
    queue,
    logger,
    now: Date.now,
  });
  const app = createApp({
    payments,
    logger,
    health: { service: "payment-service", readiness: () => "ready" },
  });
  return {
    db,
    async work(event) {
      const charge = await handler.prepare?.(event);
      await queue.run(() => handler.apply(event, charge));
    },
    request: async (path) => app.handle(new Request(`http://localhost${path}`)),
    [Symbol.dispose]: () => closeDatabase(db),
  };
}
