import { type Database, prepareInsertRows, type Writer, writerOf } from "@order-outbox/sqlite";
import { DONE, type Outcome, takeEach } from "@order-outbox/units";
import {
  insertOrder,
  type ListedOrder,
  type Order,
  type OrderFilter,
  type OrderStore,
  setOrderStatus,
} from "../order-store.ts";

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

/** Prepares the insertion of orders, inside a transaction. */
export function prepareInsertOrders(db: Database): (orders: readonly Order[]) => void {
  const insert = prepareInsertRows<[string, string, number, string, string, string]>(
    db,
    `orders (${COLUMNS})`,
  );
  return (orders) => {
    insert(
      orders.map(({ id, customerId, amount, status, createdAt, updatedAt }) => [
        id,
        customerId,
        amount,
        status,
        createdAt,
        updatedAt,
      ]),
    );
  };
}

/** Writes what use cases decide of orders. */
export function orderWriters(db: Database): Writer[] {
  const insert = prepareInsertOrders(db);
  const settle = db.prepare<unknown, [string, string, string, string, number]>(
    `UPDATE orders SET status = ?, updatedAt = ?
     WHERE id = ? AND status = 'PENDING' AND customerId = ? AND amount = ?`,
  );
  const find = db.prepare<Order, [string]>(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
  return [
    writerOf(insertOrder, (orders) => {
      insert(orders);
      return undefined;
    }),
    writerOf(setOrderStatus, (values) =>
      takeEach(
        values,
        ({ orderId, customerId, amount, status, at }): Outcome<Order | undefined> => {
          if (settle.run(status, at, orderId, customerId, amount).changes > 0) return DONE;
          const found = find.get(orderId) ?? undefined;
          const same = found?.customerId === customerId && found.amount === amount;
          return { status: same ? "kept" : "refused", found };
        },
      ),
    ),
  ];
}

export function createOrderStore(db: Database): OrderStore {
  const find = db.prepare<Order, [string]>(`SELECT ${COLUMNS} FROM orders WHERE id = ?`);
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
    find: async (id) => find.get(id) ?? undefined,
    async list(filter, limit) {
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
  };
}
