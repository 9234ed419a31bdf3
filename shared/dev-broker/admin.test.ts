import { afterAll, beforeAll, expect, test } from "bun:test";
import { uniqueName } from "@order-outbox/testing";
import type { Admin } from "kafkajs";
import { offsetCommit } from "./apis/offset-commit.ts";
import { type DevBroker, startDevBroker } from "./mod.ts";
import { kafkaOf, producerOf } from "./test-kafka.ts";
import { connectRaw } from "./test-raw-client.ts";

const TOPIC_RESOURCE = 2;
let broker: DevBroker;
let admin: Admin;

beforeAll(async () => {
  broker = await startDevBroker({ topics: { orders: 4 } });
  admin = kafkaOf(broker.address).admin();
  await admin.connect();
});

afterAll(async () => {
  await admin.disconnect();
  await broker.close();
});

/** The types of the errors that a call was refused with. */
async function errorsOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as { type?: string; errors?: { type: string }[] },
  );
  return error?.errors?.map(({ type }) => type) ?? error?.type;
}

test("the cluster is one node with a stable id at the advertised address", async () => {
  const { port, clusterId } = broker;
  expect(await admin.describeCluster()).toEqual({
    brokers: [{ nodeId: 1, host: "127.0.0.1", port }],
    controller: 1,
    clusterId,
  });
  const advertise = { host: "kafka.example", port: 1234 };
  await using elsewhere = await startDevBroker({ advertise });
  expect(elsewhere.address).toBe("kafka.example:1234");
});

test("topics are created, listed, grown, described and deleted", async () => {
  const topic = uniqueName("topic");
  expect(await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })).toBe(true);
  expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false);
  expect(await admin.listTopics()).toContain(topic);

  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  expect(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);

  await admin.deleteTopics({ topics: [topic] });
  expect(await admin.listTopics()).not.toContain(topic);
});

test("topics that cannot be are refused with Kafka's errors", async () => {
  const create = (topic: object) =>
    errorsOf(admin.createTopics({ topics: [{ topic: "x", ...topic }], waitForLeaders: false }));
  expect(await create({ topic: "a b" })).toEqual(["INVALID_TOPIC_EXCEPTION"]);
  expect(await create({ topic: ".." })).toEqual(["INVALID_TOPIC_EXCEPTION"]);
  expect(await create({ numPartitions: 0 })).toEqual(["INVALID_PARTITIONS"]);
  expect(await create({ numPartitions: 2 ** 31 - 1 })).toEqual(["INVALID_PARTITIONS"]);
  expect(await create({ replicationFactor: 3 })).toEqual(["INVALID_REPLICATION_FACTOR"]);
  const config = (name: string, value: string) => create({ configEntries: [{ name, value }] });
  expect(await config("no.such.config", "1")).toEqual(["INVALID_CONFIG"]);
  expect(await config("retention.ms", "soon")).toEqual(["INVALID_CONFIG"]);
  expect(await config("cleanup.policy", "compact")).toEqual(["INVALID_CONFIG"]);
  expect(await admin.listTopics()).not.toContain("x");
});

test("configs are kept, reported with their source, and replaced", async () => {
  const topic = uniqueName("topic");
  const configEntries = [{ name: "retention.ms", value: "86400000" }];
  await admin.createTopics({ topics: [{ topic, configEntries }], waitForLeaders: false });
  const read = async () => {
    const configNames = ["retention.ms", "max.message.bytes"];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC_RESOURCE, name: topic, configNames }],
    });
    return resources[0]?.configEntries.map(({ configName, configValue, isDefault }) => [
      configName,
      configValue,
      isDefault,
    ]);
  };
  expect(await read()).toEqual([
    ["max.message.bytes", "1048588", true],
    ["retention.ms", "86400000", false],
  ]);
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: TOPIC_RESOURCE,
        name: topic,
        configEntries: [{ name: "max.message.bytes", value: "99" }],
      },
    ],
  });
  expect(await read()).toEqual([
    ["max.message.bytes", "99", false],
    ["retention.ms", "604800000", true],
  ]);
});

test("offsets of topics are read, by time too, and records below one are deleted", async () => {
  await using producer = await producerOf(kafkaOf(broker.address));
  for (const timestamp of ["1000", "2000", "3000"]) {
    await producer.send({ topic: "orders", messages: [{ partition: 1, value: "a", timestamp }] });
  }
  const partition1 = <T extends { partition: number }>(offsets: T[]) =>
    offsets.find(({ partition }) => partition === 1);
  expect(partition1(await admin.fetchTopicOffsets("orders"))).toMatchObject({
    low: "0",
    high: "3",
  });
  expect(partition1(await admin.fetchTopicOffsetsByTimestamp("orders", 1_500))).toMatchObject({
    offset: "1",
  });
  await admin.deleteTopicRecords({ topic: "orders", partitions: [{ partition: 1, offset: "2" }] });
  expect(partition1(await admin.fetchTopicOffsets("orders"))).toMatchObject({
    low: "2",
    high: "3",
  });
});

test("offsets that are committed from outside make a group, and go with it", async () => {
  const groupId = uniqueName("group");
  const offsets = async () => {
    const [topic] = await admin.fetchOffsets({ groupId, topics: ["orders"] });
    return topic?.partitions.toSorted((a, b) => a.partition - b.partition).map((p) => p.offset);
  };
  expect(await offsets()).toEqual(["-1", "-1", "-1", "-1"]);
  const committed = { partition: 2, offset: -2n, leaderEpoch: -1, metadata: null };
  await using client = await connectRaw(broker.address);
  await client.call(offsetCommit, 7, {
    groupId,
    generationId: -1,
    memberId: "",
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: "orders", partitions: [committed] }],
  });
  expect(await offsets()).toEqual(["-1", "-1", "-2", "-1"]);

  const { groups } = await admin.listGroups();
  expect(groups.map((group) => group.groupId)).toContain(groupId);
  expect((await admin.describeGroups([groupId])).groups).toMatchObject([{ state: "Empty" }]);
  await admin.deleteGroups([groupId]);
  expect(await offsets()).toEqual(["-1", "-1", "-1", "-1"]);
  expect((await admin.describeGroups([groupId])).groups).toMatchObject([{ state: "Dead" }]);
});
