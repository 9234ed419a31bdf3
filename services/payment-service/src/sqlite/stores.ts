import { inboxWriters } from "@order-outbox/inbox";
import { outboxWriter } from "@order-outbox/outbox";
import type { Database, UnitWritersOptions } from "@order-outbox/sqlite";
import { paymentWriter } from "./payment-store.ts";

/** Who writes what payment-service decides, in the order in which it is written. */
export const paymentUnitWriters = (db: Database): UnitWritersOptions =>
  inboxWriters(db, [paymentWriter(db), outboxWriter(db)]);
