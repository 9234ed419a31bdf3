import { expect, test } from "bun:test";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import {
  readTopic,
  resetTopics,
  startBroker,
  startBrokerProcess,
  tempDir,
  uniqueName,
} from "./mod.ts";

const TAKEN = uniqueName("taken");
const EMPTY = uniqueName("empty");
const PARTITIONS = { [TAKEN]: 3, [EMPTY]: 3 };

async function send(kafkaHost: string, topic: string, keys: readonly string[]) {
  const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = keys.map((key) => ({ key, value: `value of ${key}`, headers: { ce_id: key } }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

test("a topic is read from its beginning to its end, with keys, headers and places", async () => {
  await using broker = await startBroker();
  await resetTopics(broker.kafkaHost, PARTITIONS, [uniqueName("nobody")]);
  const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`);
  await send(broker.kafkaHost, TAKEN, keys);
  const records = await readTopic(broker.kafkaHost, TAKEN);
  expect(records.map(({ key }) => key).sort()).toEqual(keys.sort());
  expect(records[0]).toEqual({
    partition: 0,
    offset: 0,
    key: expect.any(String),
    value: `value of ${records[0]?.key}`,
    headers: { ce_id: records[0]?.key ?? "" },
    timestamp: expect.any(Number),
  });
  expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
  expect(await readTopic(broker.kafkaHost, EMPTY)).toEqual([]);
  expect(await readTopic(broker.kafkaHost, "no-such-topic")).toEqual([]);

  await resetTopics(broker.kafkaHost, PARTITIONS, [uniqueName("nobody")]);
  expect(await readTopic(broker.kafkaHost, TAKEN)).toEqual([]);
});

test("a broker process keeps its records when it is killed and started again", async () => {
  using dir = tempDir();
  let port = 0;
  {
    await using broker = await startBrokerProcess({ data: dir.path, topics: PARTITIONS });
    await send(broker.kafkaHost, TAKEN, ["a", "b"]);
    port = Number(broker.kafkaHost.split(":")[1]);
  }
  await using broker = await startBrokerProcess({ data: dir.path, port });
  const records = await readTopic(broker.kafkaHost, TAKEN);
  expect(records.map(({ key }) => key).sort()).toEqual(["a", "b"]);
});
