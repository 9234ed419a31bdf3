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
  /**
   * Moves a pending order to a final state. False when there is none with this customer and amount,
   * or it is final already.
   */
  settle(
    order: Pick<Order, "id" | "customerId" | "amount">,
    status: OrderStatus,
    at: string,
  ): boolean;
}

/** Orders whose `seq >> 14` is the same stand together in the index of customers. */
const STRETCH_BITS = 14;

const COLUMNS = "id, customerId, amount, status, createdAt, updatedAt";

/** Selects a customer's orders in one stretch, the newest first. */
export const inStretch = (condition = ""): string =>
  `SELECT seq, ${COLUMNS} FROM orders
   WHERE seq >> ${STRETCH_BITS} = $stretch AND customerId = $customerId AND seq < $beforeSeq ${condition}
   ORDER BY seq DESC LIMIT $limit`;

/** The plus keeps SQLite from the index of states, in which a customer's orders are anywhere. */
export const WITH_STATUS = "AND +status = $status";

export function createOrderStore(db: Database): OrderStore {
  const insert = db.prepare<unknown, [string, string, number, string, string, string]>(
    `INSERT INTO orders (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const find = db.prepare<Order, [string]>(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
  const settle = db.prepare<unknown, [string, string, string, string, number]>(
    `UPDATE orders SET status = ?, updatedAt = ?
     WHERE id = ? AND status = 'PENDING' AND customerId = ? AND amount = ?`,
  );

  const ofCustomer = db.prepare<ListedOrder, [Record<string, string | number>]>(inStretch());
  const ofCustomerByStatus = db.prepare<ListedOrder, [Record<string, string | number>]>(
    inStretch(WITH_STATUS),
  );
  const newestSeq = db.prepare<{ seq: number | null }, []>("SELECT max(seq) AS seq FROM orders");

  /**
   * Looks into one stretch after another, the newest first: among millions of orders, some hundred
   * reads of the index when there are few of this customer.
   */
  function listOfCustomer(
    customerId: string,
    { status, beforeSeq = Number.POSITIVE_INFINITY }: OrderFilter,
    limit: number,
  ): ListedOrder[] {
    const found: ListedOrder[] = [];
    const before = Math.min(beforeSeq, (newestSeq.get()?.seq ?? 0) + 1);
    let stretch = Math.floor((before - 1) / 2 ** STRETCH_BITS);
    for (; stretch >= 0 && found.length < limit; stretch--) {
      const place = { stretch, customerId, beforeSeq: before, limit: limit - found.length };
      found.push(
        ...(status === undefined
          ? ofCustomer.all(place)
          : ofCustomerByStatus.all({ ...place, status })),
      );
    }
    return found;
  }

  return {
    insert({ id, customerId, amount, status, createdAt, updatedAt }) {
      insert.run(id, customerId, amount, status, createdAt, updatedAt);
    },
    find: (id) => find.get(id) ?? undefined,
    list(filter, limit) {
      const { customerId, status, beforeSeq } = filter;
      if (customerId !== undefined) return listOfCustomer(customerId, filter, limit);
      const conditions = [
        ...(status === undefined ? [] : ["status = $status"]),
        ...(beforeSeq === undefined ? [] : ["seq < $beforeSeq"]),
      ];
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
      const values = { status, beforeSeq, limit };
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
    settle: ({ id, customerId, amount }, status, at) =>
      settle.run(status, at, id, customerId, amount).changes > 0,
  };
}
