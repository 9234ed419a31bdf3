import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort, startProcess, tempDir, waitFor } from "@order-outbox/testing";
import { deleteRecords } from "./apis/delete-records.ts";
import { fetch } from "./apis/fetch.ts";
import { initProducerId } from "./apis/init-producer-id.ts";
import { produce } from "./apis/produce.ts";
import { startDevBroker } from "./mod.ts";
import { makeBatch } from "./test-batch.ts";
import { consumeAll, kafkaOf, producerOf } from "./test-kafka.ts";
import { connectRaw, type RawClient } from "./test-raw-client.ts";

const TOPIC = "orders";

function startBroker(port: number, data: string) {
  return startProcess(["bun", join(import.meta.dir, "broker-program.ts"), String(port), data]);
}

test.concurrent("topics, records, configs, offsets and the cluster id outlast a restart", async () => {
  using folder = tempDir();
  const options = { data: folder.path, topics: { [TOPIC]: 2 } };
  const groupId = "billing";
  const before = await startDevBroker(options);
  {
    const kafka = kafkaOf(before.address);
    await using producer = await producerOf(kafka);
    await producer.send({ topic: TOPIC, messages: [{ partition: 0, value: "a" }] });
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    const committed = { topic: TOPIC, partition: 0, offset: "1", metadata: "żółw" };
    await waitFor(() => consumer.commitOffsets([committed]).then(() => true), { what: "a commit" });
    await consumer.disconnect();
  }
  await before.close();

  await using after = await startDevBroker(options);
  expect(after.clusterId).toBe(before.clusterId);
  const admin = kafkaOf(after.address).admin();
  await admin.connect();
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [TOPIC] });
  expect(offsets?.partitions.find(({ partition }) => partition === 0)).toEqual({
    partition: 0,
    offset: "1",
    metadata: "żółw",
  });
  await admin.disconnect();
  const [first] = await consumeAll(kafkaOf(after.address), TOPIC, 1);
  expect(String(first?.message.value)).toBe("a");
});

test.concurrent("a producer's repetition is known again after a restart, and its id is not given out twice", async () => {
  using folder = tempDir();
  const options = { data: folder.path, topics: { [TOPIC]: 1 } };
  const newId = async (client: RawClient) => {
    const answer = await client.call(initProducerId, 4, {
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1,
      producerEpoch: -1,
    });
    return answer?.producerId ?? -1;
  };
  const send = async (client: RawClient, producerId: number, baseSequence: number) => {
    const records = makeBatch({ producerId, producerEpoch: 0, baseSequence, records: 2 });
    const answer = await client.call(produce, 8, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 0,
      topics: [{ name: TOPIC, partitions: [{ index: 0, records }] }],
    });
    return answer?.topics[0]?.partitions[0]?.baseOffset;
  };
  let producerId: number;
  {
    await using before = await startDevBroker(options);
    await using client = await connectRaw(before.address);
    producerId = await newId(client);
    expect([await send(client, producerId, 0), await send(client, producerId, 2)]).toEqual([0, 2]);
  }
  await using after = await startDevBroker(options);
  await using client = await connectRaw(after.address);
  expect([await send(client, producerId, 0), await send(client, producerId, 2)]).toEqual([0, 2]);
  expect(await send(client, producerId, 4)).toBe(4);
  expect(await newId(client)).toBeGreaterThan(producerId);
});

test.concurrent("every record that was acknowledged before a SIGKILL is exactly where it was acknowledged", async () => {
  using folder = tempDir();
  const port = await freePort();
  const acknowledged = new Map<string, string>();
  let sent = 0;
  for (let round = 0; round < 2; round++) {
    await using broker = startBroker(port, folder.path);
    await broker.waitForLine("listening");
    const target = acknowledged.size + 100;
    const load = Array.from({ length: 3 }, async () => {
      await using producer = await producerOf(kafkaOf(`127.0.0.1:${port}`));
      for (;;) {
        const messages = [0, 1].map((partition) => ({ partition, value: `record-${sent++}` }));
        try {
          const answers = await producer.send({ topic: TOPIC, messages });
          for (const { partition, baseOffset } of answers) {
            const value = messages[partition]?.value ?? "";
            acknowledged.set(`${partition}:${baseOffset}`, value);
          }
        } catch {
          return;
        }
      }
    });
    await waitFor(() => acknowledged.size > target, { what: "acknowledged records" });
    broker.kill("SIGKILL");
    await broker.exited;
    await Promise.all(load);
  }

  await using broker = startBroker(port, folder.path);
  await broker.waitForLine("listening");
  const consumed = await consumeAll(kafkaOf(`127.0.0.1:${port}`), TOPIC, acknowledged.size);
  const stored = new Map(
    consumed.map(({ partition, message }) => [
      `${partition}:${message.offset}`,
      String(message.value),
    ]),
  );
  const wrong = [...acknowledged].filter(([place, value]) => stored.get(place) !== value);
  expect(wrong).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(200);
});

test.concurrent("a full disk refuses a produce with a retriable error, and serves what it has", async () => {
  using folder = tempDir();
  await using broker = await startDevBroker({
    data: folder.path,
    topics: { [TOPIC]: 1 },
    maxDataBytes: 300_000,
  });
  const kafka = kafkaOf(broker.address);
  await using producer = await producerOf(kafka);
  const value = Buffer.alloc(10_000);
  let written = 0;
  const fill = async () => {
    for (; written < 1_000; written++) await producer.send({ topic: TOPIC, messages: [{ value }] });
  };
  expect(await fill().catch(String)).toContain("Disk error");
  expect(await consumeAll(kafka, TOPIC, written)).toHaveLength(written);

  await using client = await connectRaw(broker.address);
  const partitions = [{ index: 0, offset: -1 }];
  await client.call(deleteRecords, 1, { topics: [{ name: TOPIC, partitions }], timeoutMs: 0 });
  const [answer] = await producer.send({ topic: TOPIC, messages: [{ value }] });
  expect(answer?.baseOffset).toBe(String(written));
});

test.concurrent("a file that is deleted under the broker takes no further record", async () => {
  using folder = tempDir();
  const warnings: string[] = [];
  await using broker = await startDevBroker({
    data: folder.path,
    topics: { [TOPIC]: 1 },
    onWarning: (_, error) => warnings.push(String(error)),
  });
  await using producer = await producerOf(kafkaOf(broker.address));
  await producer.send({ topic: TOPIC, messages: [{ value: "kept" }] });
  for (const file of readdirSync(folder.path)) rmSync(folder.join(file));
  const refused = producer.send({ topic: TOPIC, messages: [{ value: "lost" }] });
  expect(await refused.then(() => "acknowledged", String)).toContain("Disk error");
  expect(warnings[0]).toContain("broker.db was deleted while the broker had it open");
  expect(readdirSync(folder.path)).toEqual([]);
});

test.concurrent("closing does not wait for clients that wait, and is quiet", async () => {
  const warnings: string[] = [];
  const broker = await startDevBroker({
    topics: { [TOPIC]: 1 },
    onWarning: (message, error) => warnings.push(`${message}: ${error}`),
  });
  const arrived = Promise.withResolvers<void>();
  broker.intercept("Fetch", () => {
    arrived.resolve();
    return undefined;
  });
  const client = await connectRaw(broker.address);
  const partition = { index: 0, currentLeaderEpoch: -1, fetchOffset: 0, logStartOffset: -1 };
  const fetching = client.call(fetch, 4, {
    replicaId: -1,
    maxWaitMs: 60_000,
    minBytes: 1,
    maxBytes: 1,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ name: TOPIC, partitions: [{ ...partition, maxBytes: 1 }] }],
    forgottenTopics: [],
    rackId: "",
  });
  await arrived.promise;
  await Promise.all([broker.close(), broker.close()]);
  expect(await fetching).toBeNull();
  expect(warnings).toEqual([]);
});
