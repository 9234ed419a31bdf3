import { expect, test } from "bun:test";
import { closeDatabase, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir, waitFor } from "@order-outbox/testing";
import { startAgePruner } from "@order-outbox/units";
import { hashOf } from "./idempotency-key.ts";
import { rememberKey } from "./idempotency-store.ts";
import { MIGRATIONS } from "./sqlite/schema.ts";
import {
  type AcceptedOrder,
  bodyOf,
  KEY_RETENTION_MS,
  openTestApp,
  type TestApp,
} from "./test-app.ts";

const ORDER = { customerId: "customer-1", amount: 99.99 };
const KEY = { "idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324" };

/** All that a client can see of an answer. */
async function seen(response: Response) {
  const { status, headers } = response;
  return {
    status,
    location: headers.get("location"),
    type: headers.get("content-type"),
    text: await response.text(),
  };
}

function fillDisk({ db }: TestApp): void {
  const size = db.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count;
  db.run(`PRAGMA max_page_count = ${size}`);
}

/** Orders without a key until there is no room for another. */
async function fillUp(app: TestApp): Promise<void> {
  fillDisk(app);
  while ((await app.postOrder({ ...ORDER, customerId: "x".repeat(128) })).status === 201);
}

test("the same key and order get the stored answer again, and no second order", async () => {
  using app = openTestApp();
  const first = await app.postOrder(ORDER, KEY);
  const second = await app.postOrder(ORDER, KEY);
  expect([first, second].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([
    null,
    "true",
  ]);
  const answer = await seen(first);
  expect(answer.status).toBe(201);
  expect(await seen(second)).toEqual(answer);
  expect(app.counts()).toEqual({ orders: 1, outbox: 1 });
});

test("a keyed answer looks like one without a key", async () => {
  using app = openTestApp();
  const withoutIds = async (response: Response) => {
    const answer = await seen(response);
    const { orderId } = JSON.parse(answer.text) as AcceptedOrder;
    return JSON.stringify(answer).replaceAll(orderId, "ID");
  };
  const plain = await withoutIds(await app.postOrder(ORDER));
  expect(await withoutIds(await app.postOrder(ORDER, KEY))).toBe(plain);
});

test("an order without a key leaves no trace among the keys", async () => {
  using app = openTestApp();
  await app.postOrder(ORDER);
  await app.postOrder(ORDER);
  expect(app.counts()).toEqual({ orders: 2, outbox: 2 });
  expect(app.db.query("SELECT * FROM idempotency_keys").all()).toEqual([]);
});

test("how the JSON is written makes no difference, and unknown fields neither", async () => {
  using app = openTestApp();
  const post = (body: string) =>
    app.request("/api/orders", {
      method: "POST",
      headers: { "content-type": "application/json", ...KEY },
      body,
    });
  const first = await seen(await post('{"customerId":"customer-1","amount":99.9}'));
  const rewritten = await post(' {"amount": 9.990e1, "more": 1, "customerId": "customer\\u002d1"}');
  expect(await seen(rewritten)).toEqual(first);
  expect(app.counts().orders).toBe(1);
});

test.each([{ amount: 100 }, { customerId: "customer-2" }])(
  "a key that is used again for another order is refused (%#)",
  async (change) => {
    using app = openTestApp();
    const first = await seen(await app.postOrder(ORDER, KEY));
    const refused = await app.postOrder({ ...ORDER, ...change }, KEY);
    expect(refused.status).toBe(422);
    const problem = await refused.text();
    expect(JSON.parse(problem)).toMatchObject({ status: 422, code: "IDEMPOTENCY_KEY_REUSED" });
    // Anybody may ask: nothing here is about the order that has the key.
    const { orderId } = JSON.parse(first.text) as { orderId: string };
    for (const told of [orderId, ORDER.customerId, `${ORDER.amount}`, KEY["idempotency-key"]]) {
      expect(problem).not.toContain(told);
    }
    expect(await seen(await app.postOrder(ORDER, KEY))).toEqual(first);
    expect(app.counts()).toEqual({ orders: 1, outbox: 1 });
  },
);

test.each(["", " ", "two words", "é", "tab\there", "x".repeat(256), "a, b"])(
  "the key %j is refused with what a key must be",
  async (key) => {
    using app = openTestApp();
    const response = await app.postOrder(ORDER, { "idempotency-key": key });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: "INPUT_INVALID",
      errors: [{ in: "headers", path: "/idempotency-key" }],
    });
    expect(app.counts().orders).toBe(0);
  },
);

test.each(["1", "x".repeat(255), '"quoted"', "!~"])("the key %j is accepted", async (key) => {
  using app = openTestApp();
  const post = () => app.postOrder(ORDER, { "idempotency-key": key });
  expect(await seen(await post())).toEqual(await seen(await post()));
  expect(app.counts().orders).toBe(1);
});

test("a refused order does not use up its key", async () => {
  using app = openTestApp();
  expect((await app.postOrder({ ...ORDER, amount: -1 }, KEY)).status).toBe(422);
  const accepted = await app.postOrder(ORDER, KEY);
  expect([accepted.status, accepted.headers.get("idempotent-replayed")]).toEqual([201, null]);
});

test("requests that arrive together with one key make one order and get one answer", async () => {
  using app = openTestApp();
  const responses = await Promise.all(Array.from({ length: 20 }, () => app.postOrder(ORDER, KEY)));
  const replayed = responses.filter(({ headers }) => headers.has("idempotent-replayed"));
  expect(replayed).toHaveLength(19);
  const answers = await Promise.all(responses.map(seen));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(app.counts()).toEqual({ orders: 1, outbox: 1 });
});

test("a key is new again as soon as it is expired, whether it was removed or not", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  using app = openTestApp({ now: () => now });
  const post = async (order = ORDER) =>
    (await bodyOf<AcceptedOrder>(await app.postOrder(order, KEY))).orderId;
  const first = await post();
  now += KEY_RETENTION_MS - 1;
  expect(await post()).toBe(first);
  now += 1;
  const second = await post({ ...ORDER, amount: 1 });
  expect(second).not.toBe(first);
  expect(await post({ ...ORDER, amount: 1 })).toBe(second);
  expect(app.counts().orders).toBe(2);
});

test("a full disk refuses a new key and still answers a known one", async () => {
  using app = openTestApp();
  const first = await seen(await app.postOrder(ORDER, KEY));
  await fillUp(app);
  const [known, fresh] = await Promise.all([
    app.postOrder(ORDER, KEY),
    app.postOrder({ ...ORDER, customerId: "y".repeat(128) }, { "idempotency-key": "new" }),
  ]);
  expect([fresh.status, (await bodyOf<{ code: string }>(fresh)).code]).toEqual([
    503,
    "STORAGE_FULL",
  ]);
  expect(await seen(known)).toEqual(first);
  app.db.run("PRAGMA max_page_count = 1000000");
  const retried = await app.postOrder(ORDER, { "idempotency-key": "new" });
  expect([retried.status, retried.headers.get("idempotent-replayed")]).toEqual([201, null]);
});

test("an overloaded service still answers a known key", async () => {
  using app = openTestApp({ queueLimit: 1 });
  const first = await seen(await app.postOrder(ORDER, KEY));
  const [, known, fresh] = await Promise.all([
    app.queue.run(() => {}),
    app.postOrder(ORDER, KEY),
    app.postOrder(ORDER, { "idempotency-key": "new" }),
  ]);
  expect(await seen(known)).toEqual(first);
  expect([fresh.status, fresh.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(app.counts().orders).toBe(1);
});

/** A key of this age. */
function putKey({ queue }: TestApp, key: string, ageMs: number): Promise<unknown> {
  const createdAt = new Date(Date.now() - ageMs).toISOString();
  const notBefore = new Date(Date.now() - KEY_RETENTION_MS).toISOString();
  const use = { key, requestHash: "", orderId: "", response: "{}", createdAt, notBefore };
  return queue.commit({ effects: [rememberKey(use)] });
}

const storedKeys = ({ db }: TestApp) =>
  db.query("SELECT key FROM idempotency_keys ORDER BY key").values().flat();

test("expired keys are removed, and the others stay", async () => {
  using app = openTestApp();
  const expired = Array.from({ length: 600 }, (_, i) =>
    putKey(app, `old-${i}`, KEY_RETENTION_MS + (i % 7)),
  );
  await Promise.all([...expired, putKey(app, "young", KEY_RETENTION_MS / 2)]);
  const options = {
    target: app.keys.prunable,
    log: app.logger,
    now: Date.now,
    random: () => 0,
    firstMs: 1,
    everyMs: 1,
  };
  const pruner = startAgePruner({ ...options, keepMs: KEY_RETENTION_MS });
  await waitFor(() => pruner.removed === 600, { what: "the last step" });
  await pruner.stop();
  expect(storedKeys(app)).toEqual(["young"]);
});

test("a key that is used again while it is about to be removed stays", async () => {
  using app = openTestApp();
  await putKey(app, "again", KEY_RETENTION_MS);
  const before = new Date(Date.now() - KEY_RETENTION_MS).toISOString();
  const { scan, remove } = app.keys.prunable;
  const { old } = await scan(undefined, before, 10);
  await putKey(app, "again", 0);
  expect([old.length, await remove(old, before), storedKeys(app)]).toEqual([1, 0, ["again"]]);
});

test("the search for expired keys ends where they are young", async () => {
  using app = openTestApp();
  const ages = [...Array.from({ length: 3 }, () => KEY_RETENTION_MS), 0, 0, 0, KEY_RETENTION_MS];
  for (const [i, age] of ages.entries()) await putKey(app, `key-${i}`, age);
  const before = new Date(Date.now() - KEY_RETENTION_MS).toISOString();
  const { scan } = app.keys.prunable;
  expect(await scan(undefined, before, 2)).toEqual({ old: [1, 2], last: 2 });
  expect(await scan(2, before, 2)).toEqual({ old: [3], last: 4 });
  expect(await scan(4, before, 2)).toEqual({ old: [], last: undefined });
});

test("a database of the version before goes on, and knows its keys", async () => {
  using folder = tempDir();
  const databasePath = folder.join("orders.db");
  const answered = { orderId: "an-order", message: "Order created successfully" };
  const response = JSON.stringify({ status: 201, location: "/api/orders/1", body: answered });
  {
    const db = openDatabase(databasePath);
    migrate(db, MIGRATIONS.slice(0, -1));
    const insert = db.prepare("INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, ?)");
    const used = new Date().toISOString();
    insert.run(KEY["idempotency-key"], hashOf(ORDER), "an-order", response, used);
    insert.run("older", "", "", "{}", new Date(Date.now() - KEY_RETENTION_MS).toISOString());
    closeDatabase(db);
  }
  using app = openTestApp({ databasePath });
  const replayed = await app.postOrder(ORDER, KEY);
  expect(replayed.headers.get("idempotent-replayed")).toBe("true");
  expect(await bodyOf<object>(replayed)).toEqual(answered);
  expect((await app.postOrder({ ...ORDER, amount: 1 }, KEY)).status).toBe(422);
  expect((await app.postOrder(ORDER, { "idempotency-key": "older" })).status).toBe(201);
  expect(app.counts().orders).toBe(1);
});
