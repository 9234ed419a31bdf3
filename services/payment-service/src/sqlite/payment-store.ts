import { type CommitQueue, type Database, type Writer, writerOf } from "@order-outbox/sqlite";
import { DONE, type Outcome, takeEach } from "@order-outbox/units";
import {
  insertPayment,
  type ListedPayment,
  type Payment,
  type PaymentStore,
} from "../payment-store.ts";

const COLUMNS = "id, orderId, customerId, amount, status, transactionId, reason, createdAt";

/** Writes what use cases decide of payments. */
export function paymentWriter(db: Database): Writer {
  const insert = db.prepare<
    unknown,
    [string, string, string, number, string, string, string | null, string]
  >(
    `INSERT INTO payments (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (orderId) DO NOTHING`,
  );
  const find = db.prepare<Payment, [string]>(`SELECT ${COLUMNS} FROM payments WHERE orderId = ?`);
  return writerOf(insertPayment, (payments) =>
    takeEach(payments, (payment): Outcome<Payment> => {
      const { id, orderId, customerId, amount, status, transactionId, reason, createdAt } = payment;
      const values = [id, orderId, customerId, amount, status, transactionId, reason] as const;
      if (insert.run(...values, createdAt).changes > 0) return DONE;
      return { status: "refused", found: find.get(orderId) as Payment };
    }),
  );
}

/** @param queue whose reads share a transaction */
export function createPaymentStore(db: Database, queue: Pick<CommitQueue, "read">): PaymentStore {
  const findOfOrder = db.prepare<Payment, [string]>(
    `SELECT ${COLUMNS} FROM payments WHERE orderId = ?`,
  );
  const listAll = db.prepare<ListedPayment, [number, number]>(
    `SELECT seq, ${COLUMNS} FROM payments WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const listOfOrder = db.prepare<ListedPayment, [string, number, number]>(
    `SELECT seq, ${COLUMNS} FROM payments
     WHERE orderId = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  return {
    findOfOrder: async (orderId) => queue.read(() => findOfOrder.get(orderId)) ?? undefined,
    list: async ({ orderId, beforeSeq = Number.MAX_SAFE_INTEGER }, limit) =>
      orderId === undefined
        ? listAll.all(beforeSeq, limit)
        : listOfOrder.all(orderId, beforeSeq, limit),
  };
}
