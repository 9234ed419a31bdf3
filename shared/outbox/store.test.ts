import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import { keyHash } from "@order-outbox/kafka";
import { createLease } from "./lease.ts";
import { type OutboxEvent, prepareAppend, prepareOutboxFacts, preparePendingCount } from "./mod.ts";
import { watchOldestPending } from "./store.ts";
import { keysOf, type TestOutbox, tempOutbox } from "./test-outbox.ts";

const AT = "2026-01-02T03:04:05.678Z";
const [a = "", b = ""] = keysOf(0, 2, 2);
const [c = ""] = keysOf(1, 2, 1);

const pending = (
  { store, topic }: TestOutbox,
  {
    held = [] as number[],
    limit = 100,
    topics = new Map([[topic, 2]]),
    except = [] as number[],
  } = {},
) => {
  const heldPartitions = held.map((partition) => ({ topic, partition }));
  return Array.from(store.readPending(topics, heldPartitions, limit, except), ({ id }) => id);
};

test("an appended event is read back as it was, with the hash of its key", () => {
  using outbox = tempOutbox();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const [id] = outbox.append(["key"], {
    eventId: "event-1",
    orderId: "order-1",
    data: { amount: 99.99, note: "Grüße" },
    createdAt: AT,
    traceparent,
  });
  expect([...outbox.store.readPending(new Map([[outbox.topic, 6]]), [], 10)]).toEqual([
    {
      id: id ?? 0,
      eventId: "event-1",
      eventType: "ORDER_CREATED",
      orderId: "order-1",
      topic: outbox.topic,
      partitionKey: "key",
      keyHash: keyHash("key"),
      payload: '{"amount":99.99,"note":"Grüße"}',
      createdAt: AT,
      traceparent,
    },
  ]);
});

test("an event is in the outbox if the transaction that causes it is committed, and only then", () => {
  using outbox = tempOutbox(EVENTS.ORDER_CREATED.topic);
  const append = prepareAppend(outbox.db);
  const event: OutboxEvent = {
    eventId: "event-1",
    eventType: "ORDER_CREATED",
    data: { orderId: crypto.randomUUID(), customerId: "customer-1", amount: 1 },
    createdAt: AT,
  };
  const failing = outbox.db.transaction(() => {
    append(event);
    throw new Error("the order is refused");
  });
  expect(() => failing.immediate()).toThrow("refused");
  expect(pending(outbox)).toEqual([]);
  outbox.db.transaction(() => append(event)).immediate();
  expect(pending(outbox).length).toBe(1);
  expect(() => append(event)).toThrow("UNIQUE");
});

test("pending rows are read in id order, up to a limit, of the given topics", () => {
  using outbox = tempOutbox();
  const ids = outbox.append([c, a, b, a, c]);
  outbox.append([a], { topic: "another topic" });
  expect(pending(outbox)).toEqual(ids);
  expect(pending(outbox, { limit: 2 })).toEqual(ids.slice(0, 2));
  expect(pending(outbox, { topics: new Map() })).toEqual([]);
  expect(pending(outbox, { topics: new Map([["another topic", 1]]) })).toEqual([6]);
  outbox.store.markPublished([1, 3], AT);
  expect(pending(outbox)).toEqual([2, 4, 5]);
  const published = outbox.rows().filter(({ isPublished }) => isPublished === 1);
  expect(published.map(({ id, publishedAt }) => [id, publishedAt])).toEqual([
    [1, AT],
    [3, AT],
  ]);
});

test("a held partition's rows are left out, and come back", () => {
  using outbox = tempOutbox();
  outbox.append([a, c, b, c]);
  expect(pending(outbox, { held: [0] })).toEqual([2, 4]);
  expect(pending(outbox, { held: [1] })).toEqual([1, 3]);
  expect(pending(outbox, { held: [0, 1] })).toEqual([]);
  expect(pending(outbox)).toEqual([1, 2, 3, 4]);
});

test("rows that are on their way are left out, whatever is pending before or between them", () => {
  using outbox = tempOutbox();
  outbox.append([a, b, c, a, b]);
  expect(pending(outbox, { except: [2, 4], limit: 2 })).toEqual([1, 3]);
  expect(pending(outbox, { except: [1, 2, 3, 4, 5] })).toEqual([]);
});

test("whoever takes only some of the pending rows leaves nothing open behind", () => {
  using outbox = tempOutbox();
  outbox.append([a, b, c]);
  const topics = new Map([[outbox.topic, 2]]);
  for (const { id } of outbox.store.readPending(topics, [], 100)) {
    if (id === 2) break;
  }
  const checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
  expect(outbox.db.query(checkpoint).get()).toEqual({ busy: 0, log: 0, checkpointed: 0 });
});

test("a topic's name is data, whatever is in it", () => {
  using outbox = tempOutbox("it's' OR 1=1 --");
  outbox.append([a], { topic: "another topic" });
  outbox.append([a]);
  expect(pending(outbox)).toEqual([2]);
  expect(pending(outbox, { held: [0] })).toEqual([]);
});

test("behind a parked row wait the later rows of its key in its topic, and nothing else", () => {
  using outbox = tempOutbox();
  outbox.append([a, a, a, b, c]);
  outbox.append([a], { topic: "another topic" });
  outbox.store.chargeRefusal(2, "too large", AT);
  const topics = new Map([
    [outbox.topic, 2],
    ["another topic", 1],
  ]);
  expect(pending(outbox, { topics })).toEqual([1, 4, 5, 6]);
});

test("marks of a former owner of the lease change nothing", () => {
  using outbox = tempOutbox();
  outbox.append([a]);
  const [former, owner] = ["former", "owner"].map((name, pid) =>
    createLease(outbox.relayDb, {
      own: { owner: name, host: "here", pid },
      ttlMs: 1_000,
      now: () => 0,
      monotonic: () => 0,
      isGone: () => false,
    }),
  );
  expect(former?.ensure()).toBe(true);
  const fencing = former?.fencing();
  former?.release();
  expect(owner?.ensure()).toBe(true);

  expect(outbox.store.markPublished([1], AT, fencing)).toBe(false);
  expect(pending(outbox)).toEqual([1]);
  expect(outbox.store.markPublished([1], AT, owner?.fencing())).toBe(true);
  expect(pending(outbox)).toEqual([]);
});

test("a refusal is charged to one row, which is parked only when that is asked for", () => {
  using outbox = tempOutbox();
  outbox.append([a, b]);
  outbox.store.chargeRefusal(1, "too large", null);
  outbox.store.chargeRefusal(1, "still too large", null);
  expect([outbox.store.attemptsOf(1), outbox.store.attemptsOf(2)]).toEqual([2, 0]);
  expect(outbox.rows()[0]).toMatchObject({ lastError: "still too large", parkedAt: null });
  expect(pending(outbox)).toEqual([1, 2]);
});

test("the facts tell the oldest pending row's time and how many rows are parked", () => {
  using outbox = tempOutbox();
  const facts = prepareOutboxFacts(outbox.db);
  expect(facts()).toEqual({ oldestPendingAt: null, parked: 0 });
  outbox.append([a], { createdAt: "2026-01-01T00:00:00.000Z" });
  outbox.append([b], { createdAt: "2026-01-01T00:00:01.000Z" });
  outbox.append([c], { createdAt: "2026-01-01T00:00:02.000Z" });
  outbox.store.markPublished([1], AT);
  expect(facts()).toEqual({ oldestPendingAt: "2026-01-01T00:00:01.000Z", parked: 0 });
  outbox.store.chargeRefusal(2, "too large", AT);
  expect(facts()).toEqual({ oldestPendingAt: "2026-01-01T00:00:02.000Z", parked: 1 });
});

test("the count of pending rows leaves out what is published or parked", () => {
  using outbox = tempOutbox();
  const count = preparePendingCount(outbox.db);
  expect(count()).toBe(0);
  const [first = 0, second = 0] = outbox.append(["a", "b", "c"]);
  expect(count()).toBe(3);
  outbox.store.markPublished([first], AT);
  outbox.store.chargeRefusal(second, "too large", AT);
  expect(count()).toBe(1);
});

test("the oldest row that may be sent is watched, not one that waits behind a parked row of its key", () => {
  using outbox = tempOutbox();
  let elapsed = 0;
  const pendingFor = watchOldestPending(outbox.db, () => elapsed);
  const [refused = 0] = outbox.append([a]);
  outbox.append([a]);
  expect(pendingFor()).toBe(0);
  elapsed += 5;
  expect(pendingFor()).toBe(5);
  outbox.store.chargeRefusal(refused, "too large", AT);
  expect(pendingFor()).toBe(0);
  elapsed += 40_000;
  expect(pendingFor()).toBe(0);
  outbox.append([b]);
  expect(pendingFor()).toBe(0);
  elapsed += 7;
  expect(pendingFor()).toBe(7);
});
