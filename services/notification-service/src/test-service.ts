import type { DomainEvent } from "@order-outbox/contracts";
import { newEventId } from "@order-outbox/events";
import type { Channel } from "@order-outbox/outside-world";
import { createLogger } from "@order-outbox/service-kit";
import type { Database } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { createApp } from "./app.ts";
import type { NotifiedType } from "./message-text.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { ListedNotification } from "./notified-event.ts";
import { notify } from "./notify.ts";
import { NOTIFICATION_TABLES } from "./sqlite/stores.ts";

/** For tests: what notification-service does, on a real database file, without a broker. */
export interface TestService extends Disposable {
  readonly db: Database;
  readonly store: NotificationStore;
  /** Works on an event as an inbox does: prepares it, decides, and commits. */
  work(event: DomainEvent<NotifiedType>): Promise<void>;
  /** What who looks into the database sees. */
  notifications(): NotificationRow[];
  request(path: string): Promise<Response>;
}

export interface NotificationRow extends Omit<ListedNotification, "id"> {
  eventId: string;
}

const metadata = (subject: string) => ({
  id: newEventId(),
  source: "/tests",
  time: "2026-01-01T00:00:00.000Z",
  subject,
});
const order = (orderId: string) => ({ orderId, customerId: "customer-1", amount: 99.99 });

export const orderCreated = (orderId: string): DomainEvent<NotifiedType> => ({
  ...metadata(orderId),
  type: "ORDER_CREATED",
  data: order(orderId),
});

export const paymentSucceeded = (orderId: string): DomainEvent<NotifiedType> => ({
  ...metadata(orderId),
  type: "PAYMENT_SUCCEEDED",
  data: { ...order(orderId), transactionId: "txn_1" },
});

/** @param now milliseconds since the epoch */
export function openTestService(channels: readonly Channel[], now = Date.now): TestService {
  const dir = tempDir();
  const { db, units, stores, close } = NOTIFICATION_TABLES.open({
    service: "notification-service",
    database: dir.join("notifications.db"),
    publishes: false,
    consumes: true,
    now,
  });
  const { notifications } = stores;
  const logger = createLogger({
    service: "notification-service",
    format: "json",
    destination: { write() {} },
  });
  const handler = notify({ channels, notifications, logger, now });
  const app = createApp({
    notifications,
    operations: { logger, health: { service: "notification-service", readiness: () => "ready" } },
  });
  return {
    db,
    store: notifications,
    async work(event) {
      const prepared = await handler.prepare?.(event);
      const decision = handler.decide(event, prepared as never);
      const isHeld = "error" in decision;
      const result = await units.commit({ effects: isHeld ? decision.effects : decision });
      if (isHeld) throw decision.error;
      if (result.committed) handler.done?.(event, result.results, prepared as never);
    },
    notifications: () =>
      db.query<NotificationRow, []>("SELECT * FROM notifications ORDER BY seq").all(),
    request: async (path) => app.handle(new Request(`http://localhost${path}`)),
    [Symbol.dispose]() {
      close();
      dir[Symbol.dispose]();
    },
  };
}
