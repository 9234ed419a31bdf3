import { inboxWriters } from "@order-outbox/inbox";
import type { Database, UnitWritersOptions } from "@order-outbox/sqlite";
import { notificationWriter } from "./notification-store.ts";

/** Who writes what notification-service decides, in the order in which it is written. */
export const notificationUnitWriters = (db: Database): UnitWritersOptions =>
  inboxWriters(db, [notificationWriter(db)]);
