import { expect } from "bun:test";
import { freePort, startBroker, tempDir, waitFor } from "@order-outbox/testing";
import {
  embeddedTest,
  expectedIds,
  keysOf,
  publishedIds,
  startRelay,
  type TestOutbox,
  type TestRelay,
  tempOutbox,
} from "./test-outbox.ts";

const MANY = { times: 1_000 };
const KEYS = Array.from({ length: 30 }, (_, n) => `key-${n}`);

/** Nothing is held against a row that was not published. */
const unblamed = (outbox: TestOutbox) =>
  outbox.rows().every(({ attempts, parkedAt, lastError }) => !attempts && !parkedAt && !lastError);

const failed = (relay: TestRelay, times = 3) =>
  waitFor(() => relay.status().failures >= times, { what: `${times} failures` });

embeddedTest(
  "an outage is not held against any row; all are published after it, in order, once",
  async () => {
    const port = await freePort();
    using outbox = tempOutbox();
    outbox.append(KEYS);
    await using relay = startRelay(`127.0.0.1:${port}`, outbox, 3);
    await failed(relay, 5);
    expect(relay.status()).toMatchObject({ broker: "down", published: 0, sinceAckMs: null });
    expect(relay.status().lastError).toBeString();
    expect(unblamed(outbox)).toBe(true);
    outbox.append(KEYS);
    relay.wake();

    await using broker = await startBroker({ port });
    await relay.drained();
    const expected = expectedIds(outbox.rows(), 3);
    expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expected);
    expect(unblamed(outbox)).toBe(true);
    await waitFor(() => relay.status().failures === 0, { what: "the relay to say so" });
    expect(relay.status()).toMatchObject({ broker: "up", failures: 0, lastError: null });
    expect(relay.lines.map(({ level }) => level)).toEqual(["warn", "info"]);
  },
);

for (const fault of ["after", "before"] as const) {
  embeddedTest(
    `requests or answers that get lost lead to no second record: connection closed ${fault}`,
    async () => {
      await using broker = await startBroker();
      using outbox = tempOutbox();
      outbox.append(KEYS);
      broker.embedded?.intercept("Produce", () => ({ disconnect: fault }), { times: 7 });
      await using relay = startRelay(broker.kafkaHost, outbox, 3, {
        limits: { rows: 12, bytes: 100_000 },
      });
      await failed(relay, 2);
      outbox.append(KEYS);
      await relay.drained();
      const expected = expectedIds(outbox.rows(), 3);
      expect(await publishedIds(broker.kafkaHost, outbox.topic)).toEqual(expected);
      expect(unblamed(outbox)).toBe(true);
    },
  );
}

embeddedTest(
  "a round without an answer is sent to the same broker again after its restart",
  async () => {
    using dir = tempDir();
    using outbox = tempOutbox();
    outbox.append(KEYS);
    const broker = await startBroker({ data: dir.path });
    const port = broker.embedded?.port ?? 0;
    broker.embedded?.intercept("Produce", () => ({ disconnect: "after" }), MANY);
    await using relay = startRelay(broker.kafkaHost, outbox, 3);
    await failed(relay, 1);
    await broker[Symbol.asyncDispose]();
    outbox.append(KEYS);

    await using restarted = await startBroker({ data: dir.path, port });
    await relay.drained();
    const expected = expectedIds(outbox.rows(), 3);
    expect(await publishedIds(restarted.kafkaHost, outbox.topic)).toEqual(expected);
  },
);

embeddedTest(
  "what another cluster did not acknowledge is published in the one that took its place",
  async () => {
    using outbox = tempOutbox();
    const [early, late] = [KEYS.slice(0, 10), KEYS.slice(10)];
    const broker = await startBroker();
    const port = broker.embedded?.port ?? 0;
    await using relay = startRelay(broker.kafkaHost, outbox, 3);
    const acknowledged = outbox.append(early);
    relay.wake();
    await relay.drained();
    broker.embedded?.intercept("Produce", () => ({ disconnect: "after" }), MANY);
    outbox.append(late);
    relay.wake();
    await failed(relay, 1);
    await broker[Symbol.asyncDispose]();
    // The attempt that was under way is over, so the next one begins with a look at the cluster.
    await failed(relay, relay.status().failures + 2);

    await using other = await startBroker({ port, topics: { [outbox.topic]: 2 } });
    await relay.drained();
    const rows = outbox.rows().filter(({ id }) => !acknowledged.includes(id));
    expect(await publishedIds(other.kafkaHost, outbox.topic)).toEqual(expectedIds(rows, 2));
    expect(relay.lines.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("another cluster"),
    );
  },
);

embeddedTest(
  "a partition without a leader holds back its own rows only, and then drains in order",
  async () => {
    await using broker = await startBroker();
    using outbox = tempOutbox();
    const [stuck, free] = [keysOf(0, 2, 3), keysOf(1, 2, 3)];
    const { topic } = outbox;
    let tries = 0;
    using fault = broker.embedded?.intercept(
      "Produce",
      () => {
        tries += 1;
        return { error: "NOT_LEADER_OR_FOLLOWER", topic, partition: 0 };
      },
      MANY,
    );
    outbox.append([...stuck, ...free, ...stuck]);
    await using relay = startRelay(broker.kafkaHost, outbox, 2, {
      // Rows that are not held would fill every round and keep the others out.
      limits: { rows: stuck.length, bytes: 100_000 },
    });
    const published = () => outbox.rows().filter(({ isPublished }) => isPublished === 1);
    await waitFor(() => published().length === 3, { what: "the other partition's rows" });
    outbox.append([...free, ...stuck]);
    relay.wake();
    await waitFor(() => published().length === 6, { what: "the other partition's later rows" });
    expect(published().every(({ partitionKey }) => free.includes(partitionKey))).toBe(true);
    expect(unblamed(outbox)).toBe(true);
    const triesBefore = tries;
    await waitFor(() => tries > triesBefore + 4, { what: "the partition to be tried unasked" });
    const waits = relay.lines.filter(({ message }) => message.includes("partition waits"));
    expect(waits).toHaveLength(1);

    fault?.[Symbol.dispose]();
    await relay.drained();
    const expected = expectedIds(outbox.rows(), 2);
    expect(await publishedIds(broker.kafkaHost, topic)).toEqual(expected);
    expect(unblamed(outbox)).toBe(true);
  },
);
