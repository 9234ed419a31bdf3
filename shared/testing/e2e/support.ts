import { expect } from "bun:test";
import { auditSystem, type System, waitFor } from "../mod.ts";

/** Sends `count` orders, at most `parallel` at once, and returns their ids in the order of answers. */
export async function placeOrders(system: System, count: number, parallel = 16): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  const send = async () => {
    while (next < count) {
      const number = next++;
      ids.push(await system.createOrder({ customerId: `customer-${number % 50}`, amount: 10.5 }));
    }
  };
  await Promise.all(Array.from({ length: parallel }, send));
  return ids;
}

/** Waits until every order is final and both its events have been notified. */
export async function waitUntilSettled(system: System, orders: number): Promise<void> {
  await waitFor(
    async () => {
      const found = await system.orders();
      return found.length === orders && found.every(({ status }) => status !== "PENDING");
    },
    { what: `${orders} orders to be final`, timeoutMs: 30_000, intervalMs: 50 },
  );
  await waitFor(async () => (await system.notifications()).length === orders * 6, {
    what: `six notifications for each of ${orders} orders`,
    timeoutMs: 30_000,
    intervalMs: 50,
  });
}

/** Audits the whole system and expects nothing lost, doubled or out of order. */
export async function expectClean(system: System, orders: number) {
  const audit = await auditSystem(system);
  expect({ orders: audit.orders, findings: audit.findings }).toEqual({ orders, findings: [] });
  return audit;
}
