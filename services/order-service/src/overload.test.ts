import { expect, test } from "bun:test";
import { closeDatabase, openDatabase } from "@order-outbox/sqlite";
import { serviceProcess } from "@order-outbox/system";
import { freePort, tempDir } from "@order-outbox/testing";
import { openTestApp } from "./test-app.ts";

test("a service with more orders than may wait refuses the rest, and stores what it accepted", async () => {
  using folder = tempDir();
  await using service = serviceProcess("order-service", {
    port: await freePort(),
    databasePath: folder.join("orders.db"),
    // Nobody listens there; orders are accepted all the same.
    kafkaHost: `127.0.0.1:${await freePort()}`,
    env: { COMMIT_QUEUE_LIMIT: "1", LOG_LEVEL: "error" },
  });
  await service.start();
  const post = async (customerId: string) => {
    const response = await fetch(`${service.url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customerId, amount: 1 }),
    });
    const { code } = (await response.json()) as { code?: string };
    return { customerId, answer: [response.status, code, response.headers.get("retry-after")] };
  };
  const accepted: string[] = [];
  const refused: unknown[] = [];
  while (refused.length === 0 || accepted.length === 0) {
    const burst = Array.from({ length: 30 }, () => post(crypto.randomUUID()));
    for (const { customerId, answer } of await Promise.all(burst)) {
      if (answer[0] === 201) accepted.push(customerId);
      else refused.push(answer);
    }
  }
  expect(new Set(refused.map(String))).toEqual(new Set(["503,OVERLOADED,1"]));

  const stored: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor && `&cursor=${cursor}`;
    const response = await fetch(`${service.url}/api/orders?limit=100${query}`);
    const page = (await response.json()) as {
      items: { customerId: string }[];
      nextCursor: string | null;
    };
    stored.push(...page.items.map(({ customerId }) => customerId));
    cursor = page.nextCursor;
  }
  expect(stored.toSorted()).toEqual(accepted.toSorted());
});

test("while another process keeps the lock, orders are refused, and all else is answered", async () => {
  using app = openTestApp({ busyMs: 200 });
  const other = openDatabase(app.db.filename);
  other.run("BEGIN IMMEDIATE");
  const key = { "idempotency-key": "retried" };
  const refused = await app.postOrder({ customerId: "customer-1", amount: 1 }, key);
  expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).toEqual([
    503,
    "1",
    expect.objectContaining({ code: "STORAGE_BUSY" }),
  ]);
  expect((await app.request("/api/orders")).status).toBe(200);
  other.run("ROLLBACK");
  closeDatabase(other);
  expect((await app.postOrder({ customerId: "customer-1", amount: 1 }, key)).status).toBe(201);
  expect(app.counts()).toEqual({ orders: 1, outbox: 1 });
});
