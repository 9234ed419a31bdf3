import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { waitFor } from "@order-outbox/testing";
import { auditSystem, type System } from "../mod.ts";

/** Whether the long forms of the proofs run: `PROOF=full`, as in CI; the default run is short. */
export const fullProof = process.env.PROOF === "full";

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

/** Waits until every order is final, both its events have been notified and nothing is pending. */
export async function waitUntilSettled(system: System, orders: number): Promise<void> {
  const count = (database: string, sql: string) => {
    using db = new Database(join(system.dataDir, database), { readonly: true });
    return db.query<{ count: number }, []>(sql).get()?.count;
  };
  await waitFor(
    () =>
      count("orders.db", "SELECT count(*) AS count FROM orders WHERE status <> 'PENDING'") ===
      orders,
    { what: `${orders} orders to be final`, timeoutMs: 60_000, intervalMs: 25 },
  );
  await waitFor(
    () => count("notifications.db", "SELECT count(*) AS count FROM notifications") === orders * 6,
    { what: `six notifications for each of ${orders} orders`, timeoutMs: 60_000, intervalMs: 25 },
  );
  for (const database of ["orders.db", "payments.db"]) {
    await waitFor(
      () => count(database, "SELECT count(*) AS count FROM outbox WHERE isPublished = 0") === 0,
      { what: `the outbox in ${database} to be published`, timeoutMs: 30_000, intervalMs: 25 },
    );
  }
}

/** Audits the whole system and expects nothing lost, doubled or out of order. */
export async function expectClean(system: System, orders: number) {
  const audit = await auditSystem(system);
  expect({ orders: audit.orders, findings: audit.findings }).toEqual({ orders, findings: [] });
  return audit;
}
