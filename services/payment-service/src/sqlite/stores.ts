import { sqliteTables } from "@order-outbox/service";
import { createPaymentStore, paymentWriter } from "./payment-store.ts";
import { MIGRATIONS } from "./schema.ts";

/** payments.db: who writes what payment-service decides, and what it reads. */
export const PAYMENT_TABLES = sqliteTables({
  migrations: MIGRATIONS,
  writers: (db) => [paymentWriter(db)],
  stores: (db, queue) => ({ payments: createPaymentStore(db, queue) }),
});
