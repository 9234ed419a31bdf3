import { afterEach, describe, expect, test } from "bun:test";
import { newEventId } from "@order-outbox/events";
import type { Effect, UnitResult, Units } from "@order-outbox/units";
import {
  insertPayment,
  type ListedPayment,
  type Payment,
  type PaymentStore,
} from "./payment-store.ts";

/** For contract suites: what payment-service keeps, in some kind of database, empty. */
export interface OpenedPayments extends AsyncDisposable {
  units: Units;
  payments: PaymentStore;
}

/** More than any test stores: a list whose pages repeat has no end. */
const MANY = 100;
const payment = (change: Partial<Payment> = {}): Payment => ({
  id: newEventId(),
  orderId: newEventId(),
  customerId: "Åsa 🎁",
  amount: 99.99,
  status: "SUCCEEDED",
  transactionId: "txn_1",
  reason: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  ...change,
});

/** What every store of payments keeps. */
export function describePaymentStore(kind: string, open: () => Promise<OpenedPayments>): void {
  describe(`payments in ${kind}`, () => {
    const opened: OpenedPayments[] = [];
    const fresh = async () => {
      const store = await open();
      opened.push(store);
      const commit = (...effects: Effect[]) => store.units.commit({ effects });
      return { ...store, commit };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
    });
    const foundBy = (result: UnitResult) => (result.committed ? undefined : result.refusal.found);

    test("a payment comes back as it was stored, by its order", async () => {
      const { payments, commit } = await fresh();
      const one = payment();
      const failed = payment({ status: "FAILED", reason: "card declined" });
      await commit(insertPayment(one), insertPayment(failed));
      expect(await payments.findOfOrder(one.orderId)).toEqual(one);
      expect(await payments.findOfOrder(failed.orderId)).toEqual(failed);
      expect(await payments.findOfOrder(newEventId())).toBeUndefined();
    });

    test("an order has one payment: another one is refused, with the one that is there", async () => {
      const { payments, commit } = await fresh();
      const one = payment();
      await commit(insertPayment(one));
      const other = payment();
      const second = payment({ orderId: one.orderId, amount: 1 });
      expect(foundBy(await commit(insertPayment(other), insertPayment(second)))).toEqual(one);
      expect(await payments.findOfOrder(one.orderId)).toEqual(one);
      expect(await payments.findOfOrder(other.orderId)).toBeUndefined();
    });

    test("of payments of one order that come at once the first stands", async () => {
      const { payments, commit } = await fresh();
      const [one, other] = [payment(), payment()];
      const results = await Promise.all([
        commit(insertPayment(one)),
        commit(insertPayment(payment({ orderId: one.orderId }))),
        commit(insertPayment(other)),
      ]);
      expect(results.map(foundBy)).toEqual([undefined, one, undefined]);
      expect(await payments.findOfOrder(one.orderId)).toEqual(one);
      expect(await payments.findOfOrder(other.orderId)).toEqual(other);
    });

    test("payments are listed the newest first, of all or of an order, in pages", async () => {
      const { payments, commit } = await fresh();
      const all: Payment[] = [];
      for (let i = 0; i < 7; i++) {
        const one = payment();
        await commit(insertPayment(one));
        all.unshift(one);
      }
      for (const limit of [1, 3, 100]) {
        const listed: ListedPayment[] = [];
        for (;;) {
          const page = await payments.list({ beforeSeq: listed.at(-1)?.seq }, limit);
          expect(page.length).toBeLessThanOrEqual(limit);
          expect(listed.length).toBeLessThan(MANY);
          if (page.length === 0) break;
          listed.push(...page);
        }
        expect(listed.map(({ seq: _, ...one }) => one)).toEqual(all);
      }
      const [newest, ...others] = all;
      const [item, ...more] = await payments.list({ orderId: newest?.orderId }, 10);
      expect([item?.id, more]).toEqual([newest?.id, []]);
      expect(await payments.list({ orderId: newest?.orderId, beforeSeq: item?.seq }, 10)).toEqual(
        [],
      );
      expect(await payments.list({ orderId: others[0]?.orderId }, 10)).toMatchObject([
        others[0] ?? {},
      ]);
    });
  });
}
