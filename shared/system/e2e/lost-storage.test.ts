import { describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "@order-outbox/testing";
import { type ServiceProcess, startSystem } from "../mod.ts";

interface Health {
  status: number;
  storage: { ok: boolean; reason?: string };
}

async function healthOf({ url }: ServiceProcess): Promise<Health> {
  const response = await fetch(`${url}/health`);
  const { checks } = (await response.json()) as { checks: Pick<Health, "storage"> };
  return { status: response.status, storage: checks.storage };
}

const deleteFiles = (folder: string, name: string) => {
  for (const file of readdirSync(folder)) {
    if (file.startsWith(name)) rmSync(join(folder, file));
  }
};

describe.if(process.env.PROOF === "full")("storage that is lost", () => {
  test("a file that is deleted or replaced under a running service takes no further order, payment or message", async () => {
    await using system = await startSystem({
      serviceEnv: { "payment-service": { PAYMENT_SUCCESS_RATE: "1" } },
    });
    const { dataDir, order, payment, notification } = system;
    const place = () => system.createOrder({ customerId: "alice", amount: 10 });
    const statusOf = async (id: string) => (await system.getOrder(id)).status;
    const first = await place();
    await waitFor(async () => (await statusOf(first)) === "PAID", { what: "the first payment" });

    const payments = join(dataDir, "payments.db");
    copyFileSync(payments, `${payments}.copy`);
    renameSync(`${payments}.copy`, payments);
    deleteFiles(dataDir, "channels-ledger.db");
    const second = await place();
    expect(await healthOf(payment)).toMatchObject({
      status: 503,
      storage: { ok: false, reason: expect.stringMatching(/^database: .* was replaced/) },
    });
    expect(await healthOf(notification)).toMatchObject({
      status: 503,
      storage: { ok: false, reason: expect.stringMatching(/^ledger: .* was deleted or moved/) },
    });
    await payment.process.waitForLine("a database takes no writes");
    await notification.process.waitForLine("a database takes no writes");
    expect(await statusOf(second)).toBe("PENDING");
    await Promise.all([payment.restart(), notification.restart()]);
    await waitFor(async () => (await statusOf(second)) === "PAID", { what: "the second payment" });

    deleteFiles(dataDir, "orders.db");
    const refused = await fetch(`${order.url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"customerId":"alice","amount":10}',
    });
    expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).toEqual([
      503,
      "30",
      expect.objectContaining({
        code: "STORAGE_LOST",
        detail: expect.stringContaining("was deleted or moved while it was open"),
      }),
    ]);
    expect((await healthOf(order)).status).toBe(503);
    await order.process.waitForLine(/"code":"STORAGE_LOST"/);
    expect(readdirSync(dataDir).filter((file) => file.startsWith("orders.db"))).toEqual([]);

    // Started again it begins with an empty file, and works.
    expect(await order.stop()).toBe(0);
    await order.start();
    const third = await place();
    await waitFor(async () => (await statusOf(third)) === "PAID", { what: "the third payment" });
  });
});
