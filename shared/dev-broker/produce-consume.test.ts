import { afterAll, beforeAll, expect, test } from "bun:test";
import { rejectionOf, uniqueName, waitFor } from "@order-outbox/testing";
import { CompressionTypes, type Kafka } from "kafkajs";
import { initProducerId } from "./apis/init-producer-id.ts";
import { produce } from "./apis/produce.ts";
import { type DevBroker, startDevBroker } from "./mod.ts";
import { makeBatch } from "./test-batch.ts";
import { consumeAll, kafkaOf, producerOf, valuesOf } from "./test-kafka.ts";
import { connectRaw } from "./test-raw-client.ts";

let broker: DevBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startDevBroker({ topics: { shared: 1 } });
  kafka = kafkaOf(broker.address);
});

afterAll(() => broker.close());

async function newTopic(numPartitions = 1, configEntries: { name: string; value: string }[] = []) {
  const topic = uniqueName("topic");
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic, numPartitions, configEntries }],
    waitForLeaders: false,
  });
  await admin.disconnect();
  return topic;
}

test("keys, values, headers and times come back as they were sent", async () => {
  const topic = await newTopic();
  await using producer = await producerOf(kafka);
  await producer.send({
    topic,
    messages: [
      { key: "k", value: "ż", headers: { ce_id: "1", empty: "" }, timestamp: "1700000000000" },
      { key: null, value: null },
    ],
  });
  const consumed = await consumeAll(kafka, topic, 2);
  expect(
    consumed.map(({ message: { key, value, headers, timestamp, offset } }) => [
      offset,
      key && String(key),
      value && String(value),
      Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)]),
      timestamp === "1700000000000",
    ]),
  ).toEqual([
    [
      "0",
      "k",
      "ż",
      [
        ["ce_id", "1"],
        ["empty", ""],
      ],
      true,
    ],
    ["1", null, null, [], false],
  ]);
});

test("a partition keeps the order of what was sent, over many batches", async () => {
  const topic = await newTopic();
  await using producer = await producerOf(kafka);
  const values = Array.from({ length: 3_000 }, (_, index) => `${index}`);
  for (let at = 0; at < values.length; at += 100) {
    const messages = values.slice(at, at + 100).map((value) => ({ value }));
    await producer.send({ topic, messages });
  }
  expect(valuesOf(await consumeAll(kafka, topic, values.length))).toEqual(values);
});

test("gzip batches are stored and served as they are", async () => {
  const topic = await newTopic();
  await using producer = await producerOf(kafka);
  const messages = Array.from({ length: 200 }, (_, index) => ({ value: `${index}`.repeat(50) }));
  await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
  expect(valuesOf(await consumeAll(kafka, topic, 200))).toEqual(messages.map(({ value }) => value));
});

test("a produce without acknowledgement is written", async () => {
  const topic = await newTopic();
  await using producer = await producerOf(kafka);
  await producer.send({ topic, acks: 0, messages: [{ value: "a" }] });
  await producer.send({ topic, acks: 0, messages: [{ value: "b" }] });
  expect(valuesOf(await consumeAll(kafka, topic, 2))).toEqual(["a", "b"]);
});

test("a produce without acknowledgement that fails closes the connection", async () => {
  await using client = await connectRaw(broker.address);
  const partitions = [{ index: 5, records: makeBatch() }];
  client.send(produce, 7, {
    transactionalId: null,
    acks: 0,
    timeoutMs: 100,
    topics: [{ name: "shared", partitions }],
  });
  await client.closed;
});

test("a batch over max.message.bytes is refused, and the topic's own limit counts", async () => {
  const topic = await newTopic(1, [{ name: "max.message.bytes", value: "2000" }]);
  await using producer = await producerOf(kafka);
  const send = (bytes: number) =>
    producer.send({ topic, messages: [{ value: Buffer.alloc(bytes) }] });
  expect(await rejectionOf(send(2_000))).toMatchObject({ type: "MESSAGE_TOO_LARGE" });
  expect(await send(1_800)).toMatchObject([{ errorCode: 0, baseOffset: "0" }]);
});

test("a topic that does not exist is not made up", async () => {
  await using producer = await producerOf(kafka);
  const sent = producer.send({ topic: "nowhere", messages: [{ value: "a" }] });
  expect(String(await rejectionOf(sent))).toContain("does not host this topic-partition");
  expect(broker.topics()).not.toHaveProperty("nowhere");
});

test("a topic is made on first use when the broker is told to", async () => {
  await using eager = await startDevBroker({ autoCreateTopics: true, defaultPartitions: 3 });
  const producer = kafkaOf(eager.address).producer();
  await producer.connect();
  await producer.send({ topic: "first", messages: [{ value: "a" }] });
  await producer.disconnect();
  expect(eager.topics()).toEqual({ first: 3 });
});

test("an idempotent batch that comes twice is written once and answered with its offset", async () => {
  const topic = await newTopic();
  await using client = await connectRaw(broker.address);
  const init = {
    transactionalId: null,
    transactionTimeoutMs: 0,
    producerId: -1,
    producerEpoch: -1,
  };
  const producer = await client.call(initProducerId, 4, init);
  const send = async (baseSequence: number, records: number) => {
    const { producerId = -1 } = producer ?? {};
    const batch = makeBatch({ producerId, producerEpoch: 0, baseSequence, records });
    const answer = await client.call(produce, 8, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 100,
      topics: [{ name: topic, partitions: [{ index: 0, records: batch }] }],
    });
    const { errorCode, baseOffset } = answer?.topics[0]?.partitions[0] ?? {};
    return [errorCode, baseOffset];
  };
  expect(await send(0, 3)).toEqual([0, 0]);
  expect(await send(3, 2)).toEqual([0, 3]);
  expect(await send(0, 3)).toEqual([0, 0]);
  expect(await send(3, 2)).toEqual([0, 3]);
  expect(await send(9, 1)).toEqual([45, -1]);
  expect(await send(5, 1)).toEqual([0, 5]);
});

test("an idempotent kafkajs producer writes each record once", async () => {
  const topic = await newTopic(3);
  await using producer = await producerOf(kafka, { idempotent: true });
  const values = Array.from({ length: 60 }, (_, index) => `${index}`);
  for (const value of values) await producer.send({ topic, messages: [{ key: value, value }] });
  const consumed = valuesOf(await consumeAll(kafka, topic, values.length));
  expect(consumed.toSorted()).toEqual(values.toSorted());
});

test("a transactional id is refused in words", async () => {
  const producer = kafka.producer({ transactionalId: "t", maxInFlightRequests: 1 });
  await producer.connect();
  expect(String(await rejectionOf(producer.transaction()))).toContain("incompatible broker");
  await producer.disconnect();
});

test("a consumer that waits gets what is sent meanwhile, and produces are not held up", async () => {
  const topic = await newTopic();
  const consumer = kafka.consumer({ groupId: uniqueName("group"), maxWaitTimeInMs: 20_000 });
  const seen: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void seen.push(`${message.value}`) });
  await using producer = await producerOf(kafka);
  for (const value of ["a", "b", "c"]) {
    await producer.send({ topic, messages: [{ value }] });
    await waitFor(() => seen.at(-1) === value, { what: `the record ${value}` });
  }
  // It ends with its fetch, which one more record does.
  const disconnected = consumer.disconnect();
  await producer.send({ topic, messages: [{ value: "d" }] });
  await disconnected;
});
