import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TOPICS } from "@order-outbox/contracts";
import { crashAt } from "@order-outbox/testing";
import { type System, startSystem } from "../mod.ts";
import { expectClean, fullProof, waitUntilSettled } from "./support.ts";

let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { LOG_LEVEL: "warn" } });
});
afterAll(() => system[Symbol.asyncDispose]());

/** Sends an order; `undefined` when the connection ends without an answer. */
async function postOrder(key: string): Promise<Response | undefined> {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const body = JSON.stringify({ customerId: "customer-1", amount: 99.99 });
  return fetch(`${system.order.url}/api/orders`, { method: "POST", headers, body }).catch(
    () => undefined,
  );
}

/** Starts order-service so that it dies at a step, and sends it an order. */
async function postOrderAndCrash(key: string, channel: string, step: string) {
  await system.order.stop();
  await system.order.start(crashAt(channel, step));
  const response = await postOrder(key);
  expect(await system.order.process.exited).toBe(137);
  return response;
}

const rows = (sql: string) => {
  using db = new Database(system.order.databasePath, { readonly: true });
  return db.query<Record<string, string | number>, []>(sql).all();
};
/** The rows of every table that an accepted order writes to. */
const rowCounts = () =>
  ["orders", "outbox", "idempotency_keys"].map((table) => rows(`SELECT * FROM ${table}`).length);

/** How many orders are stored, each with its event and its key. */
function countOrders(): number {
  const [orders = 0, ...others] = rowCounts();
  expect(others).toEqual([orders, orders]);
  return orders;
}

/** All that a client can see of an answer. */
const seen = async (response: Response | undefined) => [
  response?.status,
  response?.headers.get("location"),
  await response?.text(),
];

const isReplay = (response: Response | undefined) =>
  response?.headers.get("idempotent-replayed") === "true";

async function expectAllClean(orders: number) {
  await waitUntilSettled(system, orders);
  return expectClean(system, orders);
}

test("fifty requests at once with one key make one order and get one answer", async () => {
  const before = countOrders();
  const responses = await Promise.all(Array.from({ length: 50 }, () => postOrder("fifty")));
  expect(responses.filter(isReplay)).toHaveLength(49);
  const answers = await Promise.all(responses.map(seen));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.[0]).toBe(201);
  expect(countOrders()).toBe(before + 1);
  await expectAllClean(before + 1);
});

test("killed before COMMIT: no answer and no row, and the retry makes the order", async () => {
  const before = countOrders();
  const response = await postOrderAndCrash("before", "order-outbox.commit", "before-commit");
  expect(response).toBeUndefined();
  expect(countOrders()).toBe(before);

  await system.order.start();
  const retried = await postOrder("before");
  expect([retried?.status, isReplay(retried)]).toEqual([201, false]);
  await expectAllClean(before + 1);
});

test("killed between COMMIT and answer: the order is worked, and the retry gets its answer", async () => {
  const before = countOrders();
  const response = await postOrderAndCrash("after", "order-outbox.commit", "after-commit");
  expect(response).toBeUndefined();
  expect(countOrders()).toBe(before + 1);

  await system.order.start();
  const retried = await postOrder("after");
  expect(isReplay(retried)).toBe(true);
  const [newest] = rows("SELECT id FROM orders ORDER BY seq DESC");
  const answer = [
    201,
    `/api/orders/${newest?.id}`,
    `{"orderId":"${newest?.id}","customerId":"customer-1","amount":99.99,"status":"PENDING","message":"Order created successfully"}`,
  ];
  expect(await seen(retried)).toEqual(answer);
  await expectAllClean(before + 1);
  expect(await seen(await postOrder("after"))).toEqual(answer);
  expect(countOrders()).toBe(before + 1);
});

test.if(fullProof)(
  "killed when the woken relay has read the order: it is published after the restart",
  async () => {
    const before = countOrders();
    await postOrderAndCrash("read", "order-outbox.relay", "read");
    expect(countOrders()).toBe(before + 1);
    const pending = rows("SELECT orderId FROM outbox WHERE isPublished = 0");
    expect(pending).toHaveLength(1);
    expect(await system.readTopic(TOPICS.orderCreated)).toHaveLength(before);

    await system.order.start();
    expect(isReplay(await postOrder("read"))).toBe(true);
    const audit = await expectAllClean(before + 1);
    expect(audit.repeatsOnTheWire).toBe(0);
  },
);
