import { inboxWriters } from "@order-outbox/inbox";
import { outboxWriter } from "@order-outbox/outbox";
import type { Database, UnitWritersOptions } from "@order-outbox/sqlite";
import { paymentWriter } from "./payment-store.ts";

/** Who writes what payment-service decides, in the order in which it is written. */
export function paymentUnitWriters(db: Database): UnitWritersOptions {
  const inbox = inboxWriters(db);
  return {
    writers: [paymentWriter(db), outboxWriter(db), ...inbox.writers],
    lastly: inbox.lastly,
  };
}
