import type { Database } from "@order-outbox/sqlite";

/** The first final state of an order wins. */
export type OrderStatus = "PENDING" | "PAID" | "PAYMENT_FAILED";

export interface Order {
  id: string;
  customerId: string;
  amount: number;
  status: OrderStatus;
  createdAt: string;
  updatedAt: string;
}

/** An order with its place in the order of commits. */
export interface ListedOrder extends Order {
  seq: number;
}

export interface OrderFilter {
  customerId?: string | undefined;
  status?: OrderStatus | undefined;
  /** Only orders that were accepted before this one. */
  beforeSeq?: number | undefined;
}

export interface OrderStore {
  insert(order: Order): void;
  find(id: string): Order | undefined;
  /** Newest first. */
  list(filter: OrderFilter, limit: number): ListedOrder[];
  /** Moves a pending order to a final state. False when there is none, or it is final already. */
  settle(id: string, status: OrderStatus, at: string): boolean;
}

const COLUMNS = "id, customerId, amount, status, createdAt, updatedAt";

export function createOrderStore(db: Database): OrderStore {
  const insert = db.prepare<unknown, [string, string, number, string, string, string]>(
    `INSERT INTO orders (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const find = db.prepare<Order, [string]>(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
  const settle = db.prepare<unknown, [string, string, string]>(
    "UPDATE orders SET status = ?, updatedAt = ? WHERE id = ? AND status = 'PENDING'",
  );

  return {
    insert({ id, customerId, amount, status, createdAt, updatedAt }) {
      insert.run(id, customerId, amount, status, createdAt, updatedAt);
    },
    find: (id) => find.get(id) ?? undefined,
    list(filter, limit) {
      const { customerId, status, beforeSeq } = filter;
      const conditions = [
        ...(customerId === undefined ? [] : ["customerId = $customerId"]),
        ...(status === undefined ? [] : ["status = $status"]),
        ...(beforeSeq === undefined ? [] : ["seq < $beforeSeq"]),
      ];
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
      const values = { customerId, status, beforeSeq, limit };
      return db
        .query<ListedOrder, [Record<string, string | number>]>(
          `SELECT seq, ${COLUMNS} FROM orders ${where} ORDER BY seq DESC LIMIT $limit`,
        )
        .all(
          Object.fromEntries(
            Object.entries(values).flatMap(([name, value]) =>
              value === undefined ? [] : [[name, value]],
            ),
          ),
        );
    },
    settle: (id, status, at) => settle.run(status, at, id).changes > 0,
  };
}
