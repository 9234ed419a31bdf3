import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { type SmallDisk, smallDisk, tempDir, waitFor, whyNoSmallDisk } from "@order-outbox/testing";
import { type System, startSystem } from "../mod.ts";
import { expectClean, fullProof, waitUntilSettled } from "./support.ts";

const MEBIBYTE = 1024 * 1024;

const whyNot = (() => {
  if (process.env.KAFKA_HOST) return "they need the embedded broker";
  using folder = tempDir();
  return whyNoSmallDisk(folder.path);
})();
if (whyNot !== undefined) console.warn(`The tests of a full disk are left out: ${whyNot}.`);

describe.skipIf(whyNot !== undefined || !fullProof)(
  "with its database on a full disk, order-service",
  () => {
    const stack = new AsyncDisposableStack();
    let disk: SmallDisk;
    let system: System;
    /** The customers of orders, by what became of the order. Each order has a customer of its own. */
    const accepted: string[] = [];
    const refused: string[] = [];
    const cutOff: string[] = [];

    beforeAll(async () => {
      const folder = stack.use(tempDir());
      disk = stack.use(smallDisk(folder.join("disk"), 4 * MEBIBYTE));
      const databasePath = `${disk.path}/orders.db`;
      // So that everyone else finds it where it always is.
      symlinkSync(databasePath, folder.join("orders.db"));
      system = stack.use(
        await startSystem({
          dataDir: folder.path,
          env: { LOG_LEVEL: "warn" },
          serviceEnv: { "order-service": { DATABASE_PATH: databasePath } },
        }),
      );
    });
    afterAll(() => stack.disposeAsync());

    /** Sends an order and gives the status; undefined when there is no answer. */
    async function postOrder(customerId = `customer-${crypto.randomUUID()}`, headers = {}) {
      let response: Response;
      let body: { code?: string };
      try {
        response = await fetch(`${system.order.url}/api/orders`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ customerId, amount: 1 }),
        });
        body = (await response.json()) as { code?: string };
      } catch {
        cutOff.push(customerId);
        return undefined;
      }
      if (response.status === 201) {
        if (!response.headers.has("idempotent-replayed")) accepted.push(customerId);
      } else {
        refused.push(customerId);
        const retryAfter = response.headers.get("retry-after");
        expect([response.status, body.code, retryAfter]).toEqual([503, "STORAGE_FULL", "30"]);
      }
      return response.status;
    }

    /** Fills the disk, and sends orders, eight at once, until so many were refused or one was cut off. */
    async function overfill(refusals: number): Promise<void> {
      disk.fill();
      const enough = refused.length + refusals;
      const send = async () => {
        while (refused.length < enough && cutOff.length === 0) await postOrder();
      };
      await Promise.all(Array.from({ length: 8 }, send));
    }

    async function healthOf(url: string) {
      const response = await fetch(`${url}/health`);
      const report = (await response.json()) as { checks: Record<string, Record<string, unknown>> };
      return { status: response.status, checks: report.checks };
    }

    const storedCustomers = async () =>
      (await system.orders()).map(({ customerId }) => customerId).toSorted();

    test("refuses orders, lets marks and results wait, and goes on when there is room", async () => {
      const key = { "idempotency-key": crypto.randomUUID() };
      const room = Promise.withResolvers<undefined>();
      let rounds = 0;
      using _held = system.broker?.embedded?.intercept("Produce", ({ clientId }) => {
        if (clientId !== "order-service") return undefined;
        rounds += 1;
        return room.promise;
      });
      expect(await postOrder("keyed", key)).toBe(201);
      await Promise.all(Array.from({ length: 50 }, () => postOrder()));
      await waitFor(() => rounds > 0, { what: "the relay to send" });
      await overfill(50);
      expect(await storedCustomers()).toEqual(accepted.toSorted());

      // Only now is the first round acknowledged and charged: neither can be noted.
      room.resolve(undefined);
      await waitFor(
        async () => {
          const { status, checks } = await healthOf(system.order.url);
          expect(status).toBe(200);
          expect(checks).toMatchObject({
            storage: { ok: true, full: true },
            outbox: { ok: true, lastError: expect.stringContaining("full") },
            inbox: { ok: true },
          });
          return Number(checks.inbox?.inFlight) > 0;
        },
        { what: "marks and results to wait" },
      );
      expect(await postOrder("keyed", key)).toBe(201);

      disk.free();
      expect(await postOrder()).toBe(201);
      await waitUntilSettled(system, accepted.length);
      expect(await storedCustomers()).toEqual(accepted.toSorted());
      const audit = await expectClean(system, accepted.length);
      expect(audit.repeatsOnTheWire).toBe(0);
      expect(await healthOf(system.order.url)).toMatchObject({
        checks: { storage: { full: false } },
      });
    });

    test("comes back from a SIGKILL with every order it accepted and none it refused", async () => {
      await Promise.all(Array.from({ length: 20 }, () => postOrder()));
      const before = refused.length;
      const load = overfill(Number.POSITIVE_INFINITY);
      await waitFor(() => refused.length > before, {
        what: "an order to be refused",
        intervalMs: 1,
      });
      await system.order.kill();
      await load;
      expect(cutOff.length).toBeGreaterThan(0);

      disk.free();
      await system.order.start();
      const stored = await storedCustomers();
      expect(stored.filter((customer) => !cutOff.includes(customer))).toEqual(accepted.toSorted());
      expect(await postOrder()).toBe(201);
      await waitUntilSettled(system, stored.length + 1);
      await expectClean(system, stored.length + 1);
    });
  },
);
