import { afterAll, beforeAll, expect, test } from "bun:test";
import { openSimulatedProvider } from "@order-outbox/outside-world";
import { tempDir } from "@order-outbox/testing";
import type { Payment } from "./payment-store.ts";
import { openTestService, orderCreated } from "./test-service.ts";

interface PaymentsPage {
  items: Payment[];
  nextCursor: string | null;
}

const dir = tempDir();
const provider = openSimulatedProvider({
  ledgerPath: dir.join("ledger.db"),
  successRate: 1,
  latencyMs: 0,
  seed: "",
  now: Date.now,
});
const service = openTestService(dir.join("payments.db"), provider);
const orderIds: string[] = [];

beforeAll(async () => {
  for (let i = 0; i < 7; i++) {
    const event = orderCreated();
    await service.work(event);
    orderIds.unshift(event.data.orderId);
  }
});

afterAll(async () => {
  service[Symbol.dispose]();
  await provider.close();
  dir[Symbol.dispose]();
});

async function page(query = ""): Promise<PaymentsPage> {
  const response = await service.request(`/api/payments${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as PaymentsPage;
}

test("payments are listed newest first, in pages without gaps or repeats", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const next: PaymentsPage = await page(`?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`);
    seen.push(...next.items.map(({ orderId }) => orderId));
    cursor = next.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(orderIds);
});

test("a payment shows what it came to, and nothing of how it is stored", async () => {
  const { items } = await page(`?orderId=${orderIds[3]}`);
  expect<unknown>(items).toEqual([
    {
      id: expect.any(String),
      orderId: orderIds[3],
      customerId: "customer-1",
      amount: 99.99,
      status: "SUCCEEDED",
      transactionId: expect.stringMatching(/^txn_/),
      reason: null,
      createdAt: expect.stringMatching(/Z$/),
    },
  ]);
});

test("an order without a payment has an empty list", async () => {
  expect(await page(`?orderId=${crypto.randomUUID()}`)).toEqual({ items: [], nextCursor: null });
});

test.each([
  ["?orderId=1", ["/orderId"]],
  ["?limit=0", ["/limit"]],
  ["?limit=1000&orderId=x", ["/limit", "/orderId"]],
  ["?cursor=nonsense", ["/cursor"]],
])("the query %s is refused with every violation", async (query, paths) => {
  const response = await service.request(`/api/payments${query}`);
  const problem = (await response.json()) as { code: string; errors: { path: string }[] };
  expect([response.status, problem.code]).toEqual([422, "INPUT_INVALID"]);
  expect(problem.errors.map(({ path }) => path).toSorted()).toEqual(paths);
});
