import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type ServiceName, serviceNamed } from "@order-outbox/registry";
import { waitFor } from "@order-outbox/testing";
import { outboxJson, type System, startSystem } from "../mod.ts";
import { fullProof, placeOrders, waitUntilSettled } from "./support.ts";

// What docs/operations.md says under "Backup and restore", for each database.

const DURING_BACKUP = 400;
const AFTERWARDS = 1_000;
const env = { LOG_LEVEL: "warn" };

interface Report {
  findings: { kind: string; rule: string; orderId: string }[];
  notes: string[];
  leftOut: string[];
}

const verify = (system: System): Promise<Report> =>
  outboxJson<Report>(system, "verify", "--settle", "0s", "--recheck", "3s");

/** How many rows a service's database has of what it keeps. */
function countKept(system: System, name: ServiceName): number {
  const { database, tables } = serviceNamed(name);
  return countRows(system, database, `SELECT count(*) FROM ${tables[0]}`);
}

/** Backs a database up while orders are taken, works a thousand more, and restores the copy. */
async function restoreAfterMore(system: System, name: ServiceName): Promise<string[]> {
  const copies = join(system.dataDir, "copies");
  const load = placeOrders(system, DURING_BACKUP, 8);
  await waitFor(() => countKept(system, name) > 10, { what: "the load to arrive" });
  await outboxJson(system, "backup", "--to", copies, "--service", name);
  const ids = [...(await load), ...(await placeOrders(system, AFTERWARDS))];
  await waitUntilSettled(system, ids.length);

  const service = [system.order, system.payment, system.notification].find(
    (one) => one.name === name,
  );
  await service?.stop();
  await outboxJson(system, "restore", "--from", copies, "--service", name, "--reason", "a test");
  return ids;
}

const countRows = ({ dataDir }: System, file: string, sql: string): number => {
  using db = new Database(join(dataDir, file), { readonly: true });
  return Number(db.query(sql).values()[0]?.[0]);
};

test.if(fullProof)(
  "a restored payments.db works again by itself, and nothing is missing",
  async () => {
    await using system = await startSystem({ env });
    const ids = await restoreAfterMore(system, "payment-service");
    const restored = countRows(system, "payments.db", "SELECT count(*) FROM payments");
    expect(restored).toBeWithin(1, DURING_BACKUP + 1);
    await system.payment.start();
    await waitFor(
      () => countRows(system, "payments.db", "SELECT count(*) FROM payments") === ids.length,
      { what: "every payment", timeoutMs: 60_000 },
    );
    const more = await placeOrders(system, 50);
    await waitUntilSettled(system, ids.length + more.length);
    const { findings, notes, leftOut } = await verify(system);
    expect({ findings, leftOut }).toEqual({ findings: [], leftOut: [] });
    expect(notes.join()).toContain("payments.db was restored at");
  },
);

test.if(fullProof)(
  "a restored notifications.db works again by itself, and nothing is sent twice",
  async () => {
    await using system = await startSystem({ env });
    const ids = await restoreAfterMore(system, "notification-service");
    await system.notification.start();
    await waitUntilSettled(system, ids.length);
    const more = await placeOrders(system, 50);
    await waitUntilSettled(system, ids.length + more.length);
    const { findings, leftOut } = await verify(system);
    expect({ findings, leftOut }).toEqual({ findings: [], leftOut: [] });
  },
);

test.if(fullProof)(
  "a restored orders.db lacks exactly the orders accepted since, which their topic gives back",
  async () => {
    await using system = await startSystem({ env });
    const ids = await restoreAfterMore(system, "order-service");
    await system.order.start();
    const kept = new Set((await system.orders()).map(({ id }) => id));
    const lost = ids.filter((id) => !kept.has(id));
    expect(lost.length).toBeGreaterThanOrEqual(AFTERWARDS);
    await waitFor(
      () => countRows(system, "orders.db", "SELECT count(*) FROM held_events") === lost.length,
      { what: "every result of a lost order to be parked", timeoutMs: 60_000 },
    );
    await waitFor(
      () =>
        countRows(system, "orders.db", "SELECT count(*) FROM orders WHERE status = 'PENDING'") ===
        0,
      { what: "every kept order to be final again", timeoutMs: 60_000 },
    );
    const more = await placeOrders(system, 50);
    await waitFor(
      () =>
        countRows(
          system,
          "notifications.db",
          "SELECT count(*) FROM (SELECT orderId FROM notifications GROUP BY orderId HAVING count(*) = 6)",
        ) ===
        ids.length + more.length,
      { what: "the new orders to be told" },
    );

    const before = await verify(system);
    const byRule = Map.groupBy(before.findings, ({ rule }) => rule);
    expect([...byRule.keys()].toSorted()).toEqual(["held", "unknown-order"]);
    for (const found of byRule.values()) {
      expect(found.map(({ orderId }) => orderId).toSorted()).toEqual(lost.toSorted());
    }

    const recovered = await outboxJson(system, "recover-orders", "--reason", "a test");
    expect(recovered).toMatchObject({ orders: lost.length, withOldNumber: lost.length });
    await outboxJson(system, "redrive", "--service", "order", "--held", "--timeout", "60s");
    await waitUntilSettled(system, ids.length + more.length);
    const after = await verify(system);
    expect({ findings: after.findings, leftOut: after.leftOut }).toEqual({
      findings: [],
      leftOut: [],
    });
    expect(after.notes).toEqual([expect.stringContaining("orders.db was restored at")]);
  },
);
