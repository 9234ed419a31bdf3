import { expect } from "bun:test";
import {
  freePort,
  startBroker,
  startBrokerProcess,
  tempDir,
  uniqueName,
  waitFor,
} from "@order-outbox/testing";
import { brokerSeenBy } from "./mod.ts";
import { createTopic, embeddedTest, publish, testClient, testConsumer } from "./test-kafka.ts";

embeddedTest("a consumer joins when its broker comes up later", async () => {
  const port = await freePort();
  const client = testClient(`127.0.0.1:${port}`);
  const topic = uniqueName("topic");
  await using consumer = testConsumer(client, topic, 2);
  consumer.start();
  await waitFor(() => consumer.status().state === "down", { what: "the outage to be seen" });
  expect(consumer.status()).toMatchObject({ reason: expect.any(String), assigned: [] });
  expect(brokerSeenBy(consumer.status())).toBe("down");

  await using _broker = await startBroker({ port });
  await consumer.joined();
  expect(brokerSeenBy(consumer.status())).toBe("up");
  await publish(client, topic, 1, ["a"]);
  await waitFor(() => consumer.seen.length > 0, { what: "the record" });
  const warnings = client.lines.filter(({ level }) => level === "warn");
  expect(warnings.map(({ fields }) => fields.code)).toEqual(["BROKER_UNAVAILABLE"]);
});

embeddedTest("a consumer survives a broker that is killed and started again", async () => {
  using dir = tempDir();
  let broker = await startBrokerProcess({ data: dir.path });
  const { kafkaHost } = broker;
  try {
    const client = testClient(kafkaHost);
    const topic = await createTopic(client, 1);
    await publish(client, topic, 0, ["a", "b"]);
    const database = { nextOffset: 0 };
    const values: string[] = [];
    await using consumer = testConsumer(client, topic, 1, {
      startOffset: () => database.nextOffset,
      async onBatch({ records, nextOffset }) {
        values.push(...records.map(({ value }) => String(value)));
        database.nextOffset = nextOffset;
      },
    });
    consumer.start();
    await waitFor(() => values.length === 2, { what: "the first records" });

    await broker[Symbol.asyncDispose]();
    await waitFor(() => consumer.status().state === "down", { what: "the outage to be seen" });
    broker = await startBrokerProcess({ data: dir.path, port: Number(kafkaHost.split(":")[1]) });
    await publish(client, topic, 0, ["c"]);
    await waitFor(() => values.length >= 3, { what: "the record after the outage" });
    expect(values).toEqual(["a", "b", "c"]);
  } finally {
    await broker[Symbol.asyncDispose]();
  }
});

embeddedTest("a topic that is missing and may not be created is waited for", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = uniqueName("topic");
  using _refusal = broker.embedded?.intercept(
    "CreateTopics",
    () => ({ error: "CLUSTER_AUTHORIZATION_FAILED" }),
    { times: 1_000 },
  );
  await using consumer = testConsumer(client, topic, 1);
  consumer.start();
  await waitFor(() => consumer.status().reason?.includes(topic), {
    what: "the topic to be missed",
  });
  expect(client.lines.some(({ fields }) => fields.code === "TOPIC_MISSING")).toBe(true);
  expect(brokerSeenBy(consumer.status())).toBe("up");
  _refusal?.[Symbol.dispose]();
  await consumer.joined();
});

embeddedTest("a member that cannot join, or that the group forgets, tries again", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, 1);
  broker.embedded?.intercept("JoinGroup", () => ({ disconnect: "before" }), { times: 4 });
  // The group waits for what a forgotten member was until its session ends: the fetch comes first.
  const intervals = { heartbeatsMs: 1_500, fetchesMs: 50 };
  await using consumer = testConsumer(client, topic, 1, { intervals });
  consumer.start();
  await waitFor(() => consumer.status().state === "down", { what: "the failure to be seen" });
  await consumer.joined();
  broker.embedded?.intercept("Heartbeat", () => ({ error: "UNKNOWN_MEMBER_ID" }));
  broker.embedded?.intercept("Fetch", () => ({ disconnect: "before" }), { times: 4 });
  await publish(client, topic, 0, ["a"]);
  await waitFor(() => consumer.values().includes("a"), { what: "the record" });
});
