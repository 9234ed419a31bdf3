import type { Database } from "@order-outbox/sqlite";

export interface Payment {
  id: string;
  orderId: string;
  customerId: string;
  amount: number;
  status: "SUCCEEDED" | "FAILED";
  transactionId: string;
  /** Why a payment failed. */
  reason: string | null;
  createdAt: string;
}

/** A payment with its place in the order of commits. */
export interface ListedPayment extends Payment {
  seq: number;
}

export interface PaymentFilter {
  orderId?: string | undefined;
  beforeSeq?: number | undefined;
}

export interface PaymentStore {
  insert(payment: Payment): void;
  findOfOrder(orderId: string): Payment | undefined;
  /** Newest first. */
  list(filter: PaymentFilter, limit: number): ListedPayment[];
}

const COLUMNS = "id, orderId, customerId, amount, status, transactionId, reason, createdAt";

export function createPaymentStore(db: Database): PaymentStore {
  const insert = db.prepare<
    unknown,
    [string, string, string, number, string, string, string | null, string]
  >(`INSERT INTO payments (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
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
    insert(payment) {
      const { id, orderId, customerId, amount, status, transactionId, reason, createdAt } = payment;
      insert.run(id, orderId, customerId, amount, status, transactionId, reason, createdAt);
    },
    findOfOrder: (orderId) => findOfOrder.get(orderId) ?? undefined,
    list: ({ orderId, beforeSeq = Number.MAX_SAFE_INTEGER }, limit) =>
      orderId === undefined
        ? listAll.all(beforeSeq, limit)
        : listOfOrder.all(orderId, beforeSeq, limit),
  };
}
