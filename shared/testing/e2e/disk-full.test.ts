import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { TOPICS } from "@order-outbox/contracts";
import { type System, startSystem, tempDir, waitFor } from "../mod.ts";
import { type SmallDisk, smallDisk, whyNoSmallDisk } from "./small-disk.ts";
import { expectClean, waitUntilSettled } from "./support.ts";

const MEBIBYTE = 1024 * 1024;
const POST = { method: "POST", headers: { "content-type": "application/json" } };

const whyNot = (() => {
  if (process.env.KAFKA_HOST) return "they need the embedded broker";
  using folder = tempDir();
  return whyNoSmallDisk(folder.path);
})();
if (whyNot !== undefined) console.warn(`The tests of a full disk are left out: ${whyNot}.`);

/** Customers of orders that were accepted, refused, or not answered. Each order has its own. */
interface Answers {
  accepted: string[];
  refused: string[];
  cutOff: string[];
}

/** A system whose order-service has its database on a small disk. */
async function startOnSmallDisk() {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(tempDir());
  const disk = stack.use(smallDisk(folder.join("disk"), 4 * MEBIBYTE));
  const databasePath = `${disk.path}/orders.db`;
  // So that everyone else finds it where it always is.
  symlinkSync(databasePath, folder.join("orders.db"));
  const system = stack.use(
    await startSystem({
      dataDir: folder.path,
      env: { LOG_LEVEL: "warn", OUTBOX_POLL_MS: "200" },
      serviceEnv: { "order-service": { DATABASE_PATH: databasePath } },
    }),
  );
  const answers: Answers = { accepted: [], refused: [], cutOff: [] };
  return { system, disk, answers, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

let orders = 0;

/** Sends one order, notes what became of it, and gives the status. */
async function postOrder(system: System, answers: Answers): Promise<number | undefined> {
  const customerId = `customer-${++orders}`;
  const body = JSON.stringify({ customerId, amount: 1 });
  let response: Response;
  try {
    response = await fetch(`${system.order.url}/api/orders`, { ...POST, body });
    await response.clone().text();
  } catch {
    answers.cutOff.push(customerId);
    return undefined;
  }
  if (response.status === 201) {
    answers.accepted.push(customerId);
  } else {
    answers.refused.push(customerId);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await response.json()).toMatchObject({ code: "STORAGE_FULL" });
  }
  return response.status;
}

/** Fills the disk and sends orders, eight at once, until `enough` of them have been refused. */
async function loadUntilFull(
  { system, disk, answers }: { system: System; disk: SmallDisk; answers: Answers },
  enough: number,
): Promise<void> {
  for (let i = 0; i < 8; i++) await postOrder(system, answers);
  disk.fill();
  const end = answers.refused.length + enough;
  const send = async () => {
    while (answers.refused.length < end && answers.cutOff.length === 0) {
      await postOrder(system, answers);
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
}

async function healthOf(url: string) {
  const response = await fetch(`${url}/health`);
  const { checks } = (await response.json()) as { checks: Record<string, unknown> };
  return { status: response.status, checks };
}

const customersOf = async (system: System) =>
  (await system.orders()).map(({ customerId }) => customerId).toSorted();

test.skipIf(whyNot !== undefined)(
  "on a full disk orders are refused, marks and results wait, and all goes on when there is room",
  async () => {
    await using small = await startOnSmallDisk();
    const { system, disk, answers } = small;
    const full = Promise.withResolvers<undefined>();
    using _held = system.broker?.embedded?.intercept("Produce", ({ clientId }) =>
      clientId === "order-service" ? full.promise : undefined,
    );
    await loadUntilFull(small, 50);

    // Only now are the orders acknowledged and charged: neither can be noted.
    full.resolve(undefined);
    await waitFor(
      async () => (await system.readTopic(TOPICS.paymentProcessed)).length === answers.accepted.length,
      { what: "every accepted order to be charged", timeoutMs: 20_000 },
    );
    const checks = {
      storage: { ok: true, full: true },
      outbox: { ok: true, lastError: expect.stringContaining("full") },
    };
    expect(await healthOf(system.order.url)).toMatchObject({ status: 200, checks });
    expect(await customersOf(system)).toEqual(answers.accepted.toSorted());

    disk.free();
    expect(await postOrder(system, answers)).toBe(201);
    await waitUntilSettled(system, answers.accepted.length);
    expect(await customersOf(system)).toEqual(answers.accepted.toSorted());
    const audit = await expectClean(system, answers.accepted.length);
    expect(audit.repeatsOnTheWire).toBe(0);
    console.log(answers.accepted.length, answers.refused.length, await healthOf(system.order.url));
    console.log(system.order.process.lines);
  },
);
