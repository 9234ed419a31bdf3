import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { waitFor } from "@order-outbox/testing";
import { startSystem } from "../mod.ts";
import { expectClean, placeOrders, waitUntilSettled } from "./support.ts";

const TOKEN = "a-token-of-sixteen-or-more";

const call = async (url: string, path: string, init: RequestInit & { token?: string } = {}) => {
  const { token = TOKEN, ...rest } = init;
  const response = await fetch(`${url}/admin${path}`, {
    ...rest,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      "content-type": "application/json",
    },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test("operators list, redrive and discard through routes that exist only with a token", async () => {
  await using system = await startSystem({
    env: { LOG_LEVEL: "warn" },
    serviceEnv: { "order-service": { ADMIN_TOKEN: TOKEN } },
  });
  const { url } = system.order;
  expect((await call(system.payment.url, "/outbox")).status).toBe(404);
  expect(await call(url, "/outbox", { token: "" })).toMatchObject({
    status: 401,
    body: { code: "UNAUTHORIZED" },
  });
  for (const path of ["/outbox", "/outbox/1", "/held-events", "/held-events/1", "/requests/1"]) {
    expect((await call(url, path, { token: "another-token-of-16" })).status).toBe(401);
  }

  await placeOrders(system, 3);
  await waitUntilSettled(system, 3);
  using db = new Database(system.order.databasePath);
  db.run("PRAGMA busy_timeout = 5000");
  db.run(
    "UPDATE outbox SET isPublished = 0, publishedAt = NULL, parkedAt = createdAt, lastError = 'too large'",
  );
  const { body: parked } = await call(url, "/outbox?state=parked");
  expect(parked.items).toHaveLength(3);
  expect((await call(url, "/outbox/1")).body).toMatchObject({ id: 1, lastError: "too large" });

  const post = (path: string, body: object) =>
    call(url, path, { method: "POST", body: JSON.stringify(body) });
  expect((await post("/outbox/1/discard", { reason: " " })).status).toBe(422);
  expect((await post("/outbox/99/discard", { reason: "gone" })).status).toBe(404);
  expect((await post("/outbox/redrive", {})).body).toEqual({ redriven: [1, 2, 3] });
  await waitFor(
    async () => ((await call(url, "/outbox?state=published")).body.items as unknown[]).length === 3,
    {
      what: "the rows to be published again",
    },
  );
  await expectClean(system, 3);

  expect((await call(url, "/held-events")).body).toEqual({ items: [], nextCursor: null });
  expect((await post("/held-events/redrive", { key: "nothing" })).status).toBe(404);
  expect((await post("/held-events/redrive", { id: 1, key: "both" })).status).toBe(422);
  db.run(
    `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", headers, errorCode,
       lastError, attempts, heldAt)
     VALUES ('order-service', 'PARKED', 'c', 'payment_processed', 0, 0, '{}', 'EVENT_MALFORMED', 'no id', 1, '2026')`,
  );
  const { status, body } = await post("/held-events/1/discard", { reason: "a foreign record" });
  expect(status).toBe(202);
  const done = await waitFor(
    async () => {
      const request = (await call(url, `/requests/${body.requestId}`)).body;
      return request.finishedAt !== null && request;
    },
    { what: "the discard to be carried out" },
  );
  expect(done).toMatchObject({ kind: "DISCARD", outcome: { discarded: 1 } });
  expect((await call(url, "/held-events/1")).status).toBe(404);
});
