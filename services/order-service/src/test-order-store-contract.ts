import { afterEach, describe, expect, test } from "bun:test";
import { newEventId } from "@order-outbox/events";
import type { Effect, UnitResult, Units } from "@order-outbox/units";
import { type IdempotencyStore, type KeyUse, rememberKey } from "./idempotency-store.ts";
import {
  type FinalStatus,
  insertOrder,
  type ListedOrder,
  type Order,
  type OrderFilter,
  type OrderStore,
  setOrderStatus,
} from "./order-store.ts";

/** For contract suites: what order-service keeps, in some kind of database, empty. */
export interface OpenedOrders extends AsyncDisposable {
  units: Units;
  orders: OrderStore;
  keys: IdempotencyStore;
  /** Opens the same database once more, as another process does. */
  again(): Promise<OpenedOrders>;
}

/** More than any test stores: a list whose pages repeat has no end. */
const MANY = 100;
const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-02T00:00:00.000Z";

const order = (customerId = "customer-1", amount = 99.99): Order => ({
  id: newEventId(),
  customerId,
  amount,
  status: "PENDING",
  createdAt: AT,
  updatedAt: AT,
});

const final = ({ id, customerId, amount }: Order, change: Partial<FinalStatus> = {}) =>
  setOrderStatus({ orderId: id, customerId, amount, status: "PAID", at: LATER, ...change });

const use = (key: string, change: Partial<KeyUse> = {}): KeyUse => ({
  key,
  requestHash: "hash",
  orderId: newEventId(),
  response: '{"body":"é"}',
  createdAt: LATER,
  notBefore: AT,
  ...change,
});

const recordOf = ({ notBefore: _, ...record }: KeyUse) => record;

/** What every store of orders and of the keys that they were made with keeps. */
export function describeOrderStores(kind: string, open: () => Promise<OpenedOrders>): void {
  const opened: OpenedOrders[] = [];
  const fresh = async () => {
    const stores = await open();
    opened.push(stores);
    const commit = (...effects: Effect[]) => stores.units.commit({ effects });
    return { ...stores, commit };
  };
  const close = async () => {
    for (const stores of opened.splice(0).reverse()) await stores[Symbol.asyncDispose]();
  };
  const foundBy = (result: UnitResult) => (result.committed ? undefined : result.refusal.found);

  describe(`orders in ${kind}`, () => {
    afterEach(close);

    test("an order comes back as it was stored, and one that is not there does not", async () => {
      const { orders, commit } = await fresh();
      const one = order("Åsa 🎁", 0.1);
      await commit(insertOrder(one), insertOrder(order()));
      expect(await orders.find(one.id)).toEqual(one);
      expect(await orders.find(newEventId())).toBeUndefined();
    });

    test("an id that is taken is an error of its unit alone", async () => {
      const { orders, commit } = await fresh();
      const [first, other] = [order(), order()];
      const settled = await Promise.allSettled([
        commit(insertOrder(first)),
        commit(insertOrder({ ...first, amount: 1 })),
        commit(insertOrder(other)),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(await orders.find(first.id)).toEqual(first);
      expect(await orders.find(other.id)).toEqual(other);
    });

    test("the first final state stands, and a later one learns of it", async () => {
      const { orders, commit } = await fresh();
      const one = order();
      await commit(insertOrder(one));
      const first = await commit(final(one));
      expect(first.committed && first.results.of(setOrderStatus)).toEqual({ status: "done" });
      const paid: Order = { ...one, status: "PAID", updatedAt: LATER };
      expect(await orders.find(one.id)).toEqual(paid);
      const second = await commit(final(one, { status: "PAYMENT_FAILED", at: "2027" }));
      expect(second.committed && second.results.of(setOrderStatus)).toEqual({
        status: "kept",
        found: paid,
      });
      expect(await orders.find(one.id)).toEqual(paid);
    });

    test("of results that come at once the first one stands", async () => {
      const { orders, commit } = await fresh();
      const [one, other] = [order(), order()];
      await commit(insertOrder(one), insertOrder(other));
      const results = await Promise.all([
        commit(final(one, { status: "PAYMENT_FAILED" })),
        commit(final(one)),
        commit(final(other)),
      ]);
      expect(
        results.map((result) => result.committed && result.results.of(setOrderStatus).status),
      ).toEqual(["done", "kept", "done"]);
      expect((await orders.find(one.id))?.status).toBe("PAYMENT_FAILED");
      expect((await orders.find(other.id))?.status).toBe("PAID");
    });

    test.each([{ amount: 1 }, { customerId: "mallory" }])(
      "a result about another customer or amount is refused, with the order found (%j)",
      async (change) => {
        const { orders, commit } = await fresh();
        const one = order();
        await commit(insertOrder(one));
        expect(foundBy(await commit(final(one, change)))).toEqual(one);
        expect(await orders.find(one.id)).toEqual(one);
        await commit(final(one));
        const late = await commit(final(one, change));
        expect([late.committed, foundBy(late)]).toEqual([
          false,
          { ...one, status: "PAID", updatedAt: LATER },
        ]);
      },
    );

    test("a result for an order that is not there is refused, and leaves nothing", async () => {
      const { orders, commit } = await fresh();
      const [one, missing] = [order(), order()];
      const result = await commit(insertOrder(one), final(missing));
      expect([result.committed, foundBy(result)]).toEqual([false, undefined]);
      expect(await orders.list({}, 10)).toEqual([]);
    });

    test("orders are listed the newest first, of a customer, of a state, and in pages", async () => {
      const { orders, commit } = await fresh();
      const all: Order[] = [];
      for (let i = 0; i < 12; i++) {
        const one = order(i % 3 === 0 ? "a" : "b");
        await commit(insertOrder(one));
        if (i % 2 === 0) await commit(final(one));
        all.unshift((await orders.find(one.id)) as Order);
      }
      const wanted = ({ customerId, status }: OrderFilter) =>
        all.filter(
          (one) =>
            (customerId ?? one.customerId) === one.customerId &&
            (status ?? one.status) === one.status,
        );
      for (const customerId of [undefined, "a", "b", "nobody"]) {
        for (const status of [undefined, "PAID", "PENDING", "PAYMENT_FAILED"] as const) {
          for (const limit of [1, 5, 100]) {
            const listed = await listAll(orders, { customerId, status }, limit);
            expect(listed.map(({ seq: _, ...one }) => one)).toEqual(wanted({ customerId, status }));
          }
        }
      }
    });
  });

  describe(`idempotency keys in ${kind}`, () => {
    afterEach(close);

    test("a key's first use is remembered together with its order", async () => {
      const { orders, keys, commit } = await fresh();
      const [one, first] = [order(), use("k")];
      expect((await commit(rememberKey(first), insertOrder(one))).committed).toBe(true);
      expect(await keys.find("k", AT)).toEqual(recordOf(first));
      expect(await keys.find("K", AT)).toBeUndefined();
      expect(await orders.find(one.id)).toEqual(one);
    });

    test("a key that is known refuses with what it was used for, and no order is made", async () => {
      const { orders, keys, commit } = await fresh();
      const first = use("k");
      await commit(rememberKey(first));
      const again = await commit(rememberKey(use("k", { requestHash: "b" })), insertOrder(order()));
      expect(foundBy(again)).toEqual(recordOf(first));
      expect([await orders.list({}, 10), await keys.find("k", AT)]).toEqual([[], recordOf(first)]);
    });

    test("of uses that come at once the first has the key, and the others learn of it", async () => {
      const { orders, commit } = await fresh();
      const [one, first, free] = [order(), use("k"), use("free")];
      const results = await Promise.all([
        commit(rememberKey(first), insertOrder(one)),
        commit(rememberKey(use("k")), insertOrder(order())),
        commit(rememberKey(free), insertOrder(order("other"))),
        commit(rememberKey(use("k")), insertOrder(order())),
      ]);
      expect(results.map(foundBy)).toEqual([
        undefined,
        recordOf(first),
        undefined,
        recordOf(first),
      ]);
      const listed = await orders.list({}, 10);
      expect(listed.map(({ customerId }) => customerId)).toEqual(["other", "customer-1"]);
    });

    test("a key whose order could not be stored is free", async () => {
      const { keys, commit } = await fresh();
      const taken = order();
      await commit(insertOrder(taken));
      const settled = await Promise.allSettled([
        commit(rememberKey(use("k")), insertOrder(taken)),
        commit(rememberKey(use("other")), insertOrder(order())),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
      expect(await keys.find("k", AT)).toBeUndefined();
      const next = use("k");
      expect((await commit(rememberKey(next), insertOrder(order()))).committed).toBe(true);
      expect(await keys.find("k", AT)).toEqual(recordOf(next));
    });

    test("a key that another process has used is known, from right then on", async () => {
      const here = await fresh();
      const there = await here.again();
      opened.push(there);
      for (const key of ["first", "second"]) {
        expect(await here.keys.find(key, AT)).toBeUndefined();
        const first = use(key);
        await there.units.commit({ effects: [rememberKey(first)] });
        expect(await here.keys.find(key, AT)).toEqual(recordOf(first));
        expect(foundBy(await here.commit(rememberKey(use(key))))).toEqual(recordOf(first));
      }
    });

    test("a key that was used right at the limit, or before, is new again", async () => {
      const { keys, commit } = await fresh();
      const first = use("k", { createdAt: AT, notBefore: "2025" });
      await commit(rememberKey(first));
      expect(await keys.find("k", AT)).toBeUndefined();
      expect(await keys.find("k", "2025")).toEqual(recordOf(first));
      const second = use("k", { requestHash: "another" });
      expect((await commit(rememberKey(second))).committed).toBe(true);
      expect(await keys.find("k", AT)).toEqual(recordOf(second));
    });

    test("keys that expired are forgotten, and those that were used again stay", async () => {
      const { keys, commit } = await fresh();
      for (const [index, createdAt] of [AT, AT, AT, LATER].entries()) {
        await commit(rememberKey(use(`k${index}`, { createdAt, notBefore: "2025" })));
      }
      const found: unknown[] = [];
      let after: unknown;
      do {
        const scan = await keys.prunable.scan(after, AT, 2);
        found.push(...scan.old);
        after = scan.last;
      } while (after !== undefined);
      expect(found).toHaveLength(3);
      await commit(rememberKey(use("k1")));
      expect(await keys.prunable.remove(found, AT)).toBe(2);
      const left = [0, 1, 2, 3].map((index) => keys.find(`k${index}`, "2025"));
      expect((await Promise.all(left)).map((record) => record?.createdAt)).toEqual([
        undefined,
        LATER,
        undefined,
        LATER,
      ]);
    });
  });
}

/** All pages of a list; every order at its place in it, without one twice. */
async function listAll(
  orders: OrderStore,
  filter: OrderFilter,
  limit: number,
): Promise<ListedOrder[]> {
  const listed: ListedOrder[] = [];
  for (;;) {
    const page = await orders.list({ ...filter, beforeSeq: listed.at(-1)?.seq }, limit);
    expect(page.length).toBeLessThanOrEqual(limit);
    expect(listed.length).toBeLessThan(MANY);
    listed.push(...page);
    if (page.length === 0) return listed;
  }
}
