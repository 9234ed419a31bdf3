import { expect, test } from "bun:test";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { AppError } from "@order-outbox/errors";
import { partitionOf } from "@order-outbox/kafka";
import { readTopic, startBroker, waitFor } from "@order-outbox/testing";
import { createRelay, RELAY_CRASH_POINTS, type RelayCrashPoint } from "./mod.ts";
import {
  embeddedTest,
  expectedIds,
  keysOf,
  publishedIds,
  startRelay,
  tempOutbox,
} from "./test-outbox.ts";

const keys = (count: number) => Array.from({ length: count }, (_, n) => `key-${n % 7}`);

test.concurrent("rows are published in id order per partition, through as many rounds as it takes", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(keys(100));
  await using relay = startRelay(broker.kafkaHost, outbox, 3, {
    limits: { rows: 9, bytes: 100_000 },
  });
  await relay.drained();
  outbox.append(keys(20));
  relay.wake();
  await relay.drained();
  const expected = expectedIds(outbox.rows(), 3);
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expected);
  expect(relay.status()).toEqual({
    standby: false,
    holdsLease: true,
    broker: "up",
    published: 120,
    sinceAckMs: expect.any(Number),
    brokerForMs: expect.any(Number),
    failures: 0,
    failedAttempts: 0,
    refusals: 0,
    parked: 0,
    lastError: null,
    waiting: null,
  });
  expect(relay.lines).toEqual([]);
});

test.concurrent("a record carries its row, and the time of publishing", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const createdAt = "2020-01-02T03:04:05.678Z";
  outbox.append(["key-1"], { eventId: "event-1", data: { note: "Grüße" }, createdAt, traceparent });
  const before = Date.now();
  await using relay = startRelay(broker.kafkaHost, outbox, 3);
  await relay.drained();
  const [record] = await readTopic(broker.kafkaHost, outbox.topic);
  expect(record).toEqual({
    partition: partitionOf("key-1", 3),
    offset: 0,
    key: "key-1",
    value: '{"note":"Grüße"}',
    headers: {
      ce_specversion: "1.0",
      ce_id: "event-1",
      ce_type: "ORDER_CREATED",
      ce_source: "/test",
      ce_time: createdAt,
      ce_subject: "key-1",
      ce_sequence: "1",
      "content-type": "application/json",
      traceparent,
    },
    timestamp: expect.any(Number),
  });
  expect(record?.timestamp).toBeGreaterThanOrEqual(before);
  const publishedAt = Date.parse(outbox.rows()[0]?.publishedAt ?? "");
  expect(publishedAt).toBeGreaterThanOrEqual(record?.timestamp ?? Number.NaN);
});

test.concurrent("a wake is enough to publish, and so is the next look at the table", async () => {
  await using broker = await startBroker();
  using woken = tempOutbox();
  using polled = tempOutbox();
  await using byWake = startRelay(broker.kafkaHost, woken, 1, { pollMs: 3_600_000 });
  await using byPoll = startRelay(broker.kafkaHost, polled, 1, { pollMs: 10 });
  for (const count of [1, 2, 3]) {
    woken.append(["a"]);
    byWake.wake();
    polled.append(["a"]);
    await byWake.drained();
    await byPoll.drained();
    expect([byWake.status().published, byPoll.status().published]).toEqual([count, count]);
  }
});

test("a round is read, sent, acknowledged and marked, in this order", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  const steps: unknown[] = [];
  const note = (step: unknown) => {
    const { step: name, ids } = step as RelayCrashPoint;
    const marked = outbox.rows().filter(({ isPublished }) => isPublished === 1).length;
    if (ids.length > 0) steps.push([name, ids, `${marked} marked`]);
  };
  subscribe(RELAY_CRASH_POINTS, note);
  outbox.append(keysOf(0, 1, 3));
  await using relay = startRelay(broker.kafkaHost, outbox, 1);
  await relay.drained();
  await relay.end();
  unsubscribe(RELAY_CRASH_POINTS, note);
  expect(steps).toEqual([
    ["read", [1, 2, 3], "0 marked"],
    ["sent", [1, 2, 3], "0 marked"],
    ["acknowledged", [1, 2, 3], "0 marked"],
    ["marked", [1, 2, 3], "3 marked"],
  ]);
});

embeddedTest(
  "a relay that is stopped finishes the round in flight and starts no other",
  async () => {
    await using broker = await startBroker();
    using outbox = tempOutbox();
    const inFlight = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    broker.embedded?.intercept("Produce", () => {
      inFlight.resolve();
      return answer.promise;
    });
    outbox.append(keysOf(0, 1, 5));
    await using relay = startRelay(broker.kafkaHost, outbox, 1, {
      limits: { rows: 2, bytes: 100_000 },
    });
    await inFlight.promise;
    const ended = relay.end();
    answer.resolve(undefined);
    await ended;
    expect(outbox.rows().map(({ isPublished }) => isPublished)).toEqual([1, 1, 0, 0, 0]);
    expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1, 2]]);

    await using successor = startRelay(broker.kafkaHost, outbox, 1);
    await successor.drained();
    expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[1, 2, 3, 4, 5]]);
  },
);

test.concurrent("a topic that is deleted is created again, and what comes later goes there", async () => {
  await using broker = await startBroker();
  using outbox = tempOutbox();
  outbox.append(["a"]);
  await using relay = startRelay(broker.kafkaHost, outbox, 1);
  await relay.drained();
  const admin = relay.client.kafkajs.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [outbox.topic] });
  await waitFor(async () => !(await admin.listTopics()).includes(outbox.topic), {
    what: "the topic to be gone",
  });
  await admin.disconnect();
  outbox.append(["a", "a"]);
  relay.wake();
  await relay.drained();
  expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual([[2, 3]]);
  expect(outbox.rows().map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
});

test("a partition whose hold ends while the table is read is tried without waiting for a poll", async () => {
  // Each look at the clock takes a millisecond, so one of these holds ends between two of them.
  for (let holdMs = 1; holdMs <= 8; holdMs++) await publishAfterHold(holdMs);
});

test("who sees rows published after an outage sees no failure any more", async () => {
  using outbox = tempOutbox("t");
  outbox.append(["a", "b", "c", "d"]);
  const outages = [
    new AppError("BROKER_UNAVAILABLE", "gone"),
    new AppError("BROKER_UNAVAILABLE", "gone"),
  ];
  const failures: number[] = [];
  const relay = createRelay(
    {
      store: {
        ...outbox.store,
        markPublished(...marks) {
          failures.push(relay.status().failures);
          return outbox.store.markPublished(...marks);
        },
      },
      connect: async () => ({
        partitions: new Map([["t", 1]]),
        publisher: {
          async send() {
            const outage = outages.pop();
            if (outage !== undefined) throw outage;
            return [{ topic: "t", partition: 0 }];
          },
          isSameCluster: async () => true,
          close: async () => {},
        },
      }),
      now: Date.now,
      // A round takes no time, so that after each a rest follows, before which its rows are marked.
      monotonic: () => 0,
      random: () => 0,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    },
    {
      source: "/test",
      pollMs: 3_600_000,
      limits: { rows: 10, bytes: 100_000 },
      backoff: { baseMs: 1, capMs: 1 },
      refusalsToPark: 3,
    },
  );
  const running = relay.run();
  await waitFor(() => failures.length > 0, { what: "the rows to be marked" });
  relay.stop();
  await running;
  expect(failures).toEqual([0]);
  expect(relay.status()).toMatchObject({ published: 4, failedAttempts: 2 });
});

/** Lets a partition fail once, which holds it for so long, and waits until its row is published. */
async function publishAfterHold(holdMs: number): Promise<void> {
  using outbox = tempOutbox("t");
  outbox.append(["a"]);
  const errors = [new AppError("BROKER_NOT_READY", "no leader")];
  let clock = 0;
  const relay = createRelay(
    {
      store: outbox.store,
      connect: async () => ({
        partitions: new Map([["t", 1]]),
        publisher: {
          async send() {
            const error = errors.pop();
            return [{ topic: "t", partition: 0, ...(error === undefined ? {} : { error }) }];
          },
          isSameCluster: async () => true,
          close: async () => {},
        },
      }),
      now: Date.now,
      monotonic: () => {
        clock += 1;
        return clock;
      },
      random: () => 0,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    },
    {
      source: "/test",
      pollMs: 3_600_000,
      limits: { rows: 10, bytes: 100_000 },
      // Of a delay the lower half is certain.
      backoff: { baseMs: 2 * holdMs, capMs: 2 * holdMs },
      refusalsToPark: 3,
    },
  );
  const running = relay.run();
  try {
    await waitFor(() => outbox.rows()[0]?.isPublished === 1, {
      what: `the row to be published after a hold of ${holdMs} ms`,
      intervalMs: 1,
    });
  } finally {
    relay.stop();
    await running;
  }
  expect(errors).toEqual([]);
}
