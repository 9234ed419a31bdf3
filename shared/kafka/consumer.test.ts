import { expect, test } from "bun:test";
import { startBroker, uniqueName, waitFor } from "@order-outbox/testing";
import type { ConsumedBatch } from "./mod.ts";
import {
  createTopic,
  deleteRecordsBelow,
  embeddedTest,
  publish,
  testClient,
  testConsumer,
} from "./test-kafka.ts";
import { withAdmin } from "./topics.ts";

const LETTERS = ["a", "b", "c", "d", "e"];

/** A broker, a client and a topic with records. Every consumer rests in a fetch for up to 1 s when it stops. */
async function withRecords(records: Record<number, string[]>, partitions = 1) {
  const broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, partitions);
  for (const [partition, values] of Object.entries(records)) {
    await publish(client, topic, Number(partition), values);
  }
  return { broker, client, topic, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}

test.concurrent("a partition that the database does not know is read from its beginning", async () => {
  await using setup = await withRecords({ 0: LETTERS });
  const { broker, client, topic } = setup;
  const clusters: string[] = [];
  const batches: ConsumedBatch[] = [];
  await using consumer = testConsumer(client, topic, 1, {
    startOffset(clusterId) {
      clusters.push(clusterId);
      return undefined;
    },
    async onBatch(batch, clusterId) {
      clusters.push(clusterId);
      batches.push(batch);
    },
  });
  expect(consumer.status().state).toBe("starting");
  consumer.start();
  const batch = await waitFor(() => batches[0], { what: "a batch" });
  expect(batch).toMatchObject({ topic, partition: 0, nextOffset: 5, highWatermark: 5 });
  expect(batch.records[1]).toEqual({
    topic,
    partition: 0,
    offset: 1,
    key: Buffer.from("key of b"),
    value: Buffer.from("b"),
    headers: {},
    timestamp: expect.any(Number),
  });
  expect(consumer.status()).toEqual({
    state: "joined",
    assigned: [{ topic, partition: 0 }],
    stopped: [],
  });
  const { clusterId } = await withAdmin(client, (admin) => admin.describeCluster());
  expect(new Set(clusters)).toEqual(new Set([broker.embedded?.clusterId ?? clusterId]));
});

test.concurrent("a beginning that retention has moved is found", async () => {
  await using setup = await withRecords({ 0: LETTERS });
  const { client, topic } = setup;
  await deleteRecordsBelow(client, topic, 0, 3);
  await using consumer = testConsumer(client, topic, 1);
  consumer.start();
  await waitFor(() => consumer.seen.length >= 2, { what: "the records that are left" });
  expect(consumer.values()).toEqual(["d", "e"]);
  expect(consumer.status().stopped).toEqual([]);
});

test.concurrent("an offset that the broker does not have stops its partition only, and is reported", async () => {
  await using setup = await withRecords({ 0: LETTERS, 1: ["a"] }, 3);
  const { client, topic } = setup;
  await deleteRecordsBelow(client, topic, 0, 3);
  await using consumer = testConsumer(client, topic, 3, {
    startOffset: (_cluster, _topic, partition) => [1, 0, 7][partition],
  });
  consumer.start();
  const missing = {
    code: "OFFSET_OUT_OF_RANGE",
    reason: "the broker does not have the offset to continue from",
  } as const;
  await waitFor(() => consumer.status().stopped.length === 2, { what: "stopped partitions" });
  expect(consumer.status().stopped.toSorted((a, b) => a.partition - b.partition)).toEqual([
    { topic, partition: 0, offset: 1, ...missing },
    { topic, partition: 2, offset: 7, ...missing },
  ]);
  await publish(client, topic, 0, ["f"]);
  await publish(client, topic, 1, ["b", "c"]);
  await waitFor(() => consumer.values(1).length === 3, { what: "the other partition's records" });
  expect([consumer.values(0), consumer.values(2)]).toEqual([[], []]);
  expect(consumer.status().state).toBe("joined");
  const errors = client.lines.filter(({ level }) => level === "error");
  expect(errors.map(({ fields: { code, partition } }) => [code, partition]).toSorted()).toEqual([
    ["OFFSET_OUT_OF_RANGE", 0],
    ["OFFSET_OUT_OF_RANGE", 2],
  ]);
});

test.concurrent("of what is fetched at once, the first topic's batches come first", async () => {
  await using setup = await withRecords({ 0: LETTERS, 1: LETTERS, 2: LETTERS }, 3);
  const { client, topic: effects } = setup;
  const causes = await createTopic(client, 3);
  for (const partition of [0, 1, 2]) await publish(client, causes, partition, LETTERS);
  const topics: string[] = [];
  await using consumer = testConsumer(client, effects, 3, {
    topics: { [causes]: 3, [effects]: 3 },
    onBatch: async ({ topic }) => void topics.push(topic),
  });
  consumer.start();
  await waitFor(() => topics.length === 6, { what: "all batches" });
  expect(topics).toEqual([causes, causes, causes, effects, effects, effects]);
});

test.concurrent("offsets are reported to Kafka, but consuming continues where the database is", async () => {
  await using setup = await withRecords({ 0: LETTERS, 1: LETTERS }, 2);
  const { client, topic } = setup;
  const groupId = uniqueName("group");
  await using reporter = testConsumer(client, topic, 2, { groupId });
  const committed = () =>
    withAdmin(client, async (admin) => {
      const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return offsets?.partitions.map(({ offset }) => Number(offset));
    });
  reporter.start();
  await reporter.joined();
  expect(await committed()).toEqual([-1, -1]);
  reporter.reportOffset(topic, 0, 2);
  reporter.reportOffset(topic, 0, 5);
  reporter.reportOffset(topic, 1, 1);
  await waitFor(async () => `${await committed()}` === "5,1", { what: "the reported offsets" });
  reporter.reportOffset(topic, 1, 3);
  await reporter.stop();
  expect(await committed()).toEqual([5, 3]);
  expect(reporter.status().state).toBe("stopped");

  await using consumer = testConsumer(client, topic, 2, {
    groupId,
    startOffset: (_cluster, _topic, partition) => (partition === 0 ? 2 : 4),
  });
  consumer.start();
  await waitFor(() => consumer.seen.length >= 4, { what: "four records" });
  expect([consumer.values(0), consumer.values(1)]).toEqual([["c", "d", "e"], ["e"]]);
});

test.concurrent("a batch that waits for room is told when its partition may have moved", async () => {
  await using setup = await withRecords({ 0: LETTERS, 1: LETTERS }, 2);
  const { client, topic } = setup;
  const groupId = uniqueName("group");
  const told: string[] = [];
  await using first = testConsumer(client, topic, 2, {
    groupId,
    onBatch: (_batch, _cluster, signal) =>
      new Promise((resolve) => {
        told.push("waiting");
        signal.addEventListener("abort", () => {
          told.push("moved");
          resolve();
        });
      }),
  });
  first.start();
  await waitFor(() => told.length > 0, { what: "a batch" });
  await using second = testConsumer(client, topic, 2, { groupId });
  second.start();
  await waitFor(() => second.seen.length >= 5, { what: "the other member's records" });
  expect(told.slice(0, 2)).toEqual(["waiting", "moved"]);
  expect([first.status().assigned.length, second.status().assigned.length]).toEqual([1, 1]);
  await Promise.all([first.stop(), second.stop()]);
});

test.concurrent("a consumer that stops does not wait for a batch that waits for room", async () => {
  await using setup = await withRecords({ 0: LETTERS });
  const { client, topic } = setup;
  const told: string[] = [];
  await using consumer = testConsumer(client, topic, 1, {
    onBatch: (_batch, _cluster, signal) =>
      new Promise((resolve) => {
        told.push("waiting");
        signal.addEventListener("abort", () => {
          told.push("stopped");
          resolve();
        });
      }),
  });
  consumer.start();
  await waitFor(() => told.length > 0, { what: "a batch" });
  await consumer.stop();
  expect(told).toEqual(["waiting", "stopped"]);
});

embeddedTest("a member that waits for room keeps its membership alive", async () => {
  await using setup = await withRecords({ 0: LETTERS });
  const { broker, client, topic } = setup;
  let heartbeats = 0;
  using _count = broker.embedded?.intercept("Heartbeat", () => {
    heartbeats += 1;
    return undefined;
  });
  const room = Promise.withResolvers<void>();
  const waiting: number[] = [];
  await using consumer = testConsumer(client, topic, 1, {
    async onBatch({ nextOffset }) {
      waiting.push(nextOffset);
      await room.promise;
    },
  });
  consumer.start();
  await waitFor(() => waiting.length > 0, { what: "a batch" });
  const before = heartbeats;
  await waitFor(() => heartbeats > before, { what: "a heartbeat" });
  room.resolve();
  await publish(client, topic, 0, ["f"]);
  await waitFor(() => waiting.length > 1, { what: "the next batch" });
  expect(waiting).toEqual([5, 6]);
});
