import { sqliteTables } from "@order-outbox/service";
import { createNotificationStore, notificationWriter } from "./notification-store.ts";
import { MIGRATIONS } from "./schema.ts";

/** notifications.db: who writes what notification-service decides, and what it reads. */
export const NOTIFICATION_TABLES = sqliteTables({
  migrations: MIGRATIONS,
  writers: (db) => [notificationWriter(db)],
  stores: (db, queue) => ({ notifications: createNotificationStore(db, queue) }),
});
