import { expect, test } from "bun:test";
import { freePort, rejectionOf, startBroker, uniqueName } from "@order-outbox/testing";
import { topicRetention } from "./mod.ts";
import { createTopic, embeddedTest, testClient } from "./test-kafka.ts";
import { toRetention } from "./topic-retention.ts";

const read = (configs: Record<string, string | null>) =>
  toRetention(new Map(Object.entries(configs)));
const EVER = Number.POSITIVE_INFINITY;

test("a topic's settings say how long it keeps a record", () => {
  expect(read({ "retention.ms": "1000", "segment.ms": "50", "cleanup.policy": "delete" })).toEqual({
    retentionMs: 1_000,
    segmentMs: 50,
  });
  expect(read({ "retention.ms": "1000" })).toEqual({ retentionMs: 1_000, segmentMs: 0 });
  expect(read({ "retention.ms": "0", "cleanup.policy": "compact,delete" })?.retentionMs).toBe(0);
});

test("-1 and compaction mean for ever", () => {
  expect(read({ "retention.ms": "-1" })?.retentionMs).toBe(EVER);
  expect(read({ "retention.ms": "1000", "segment.ms": "-1" })?.segmentMs).toBe(EVER);
  expect(read({ "retention.ms": "1000", "cleanup.policy": "compact" })?.retentionMs).toBe(EVER);
});

test("what is no number of milliseconds tells nothing", () => {
  for (const value of ["", "7d", null]) expect(read({ "retention.ms": value })).toBeUndefined();
  expect(read({})).toBeUndefined();
});

test.concurrent("the broker tells the retention of the topics that exist", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, 1);
  const found = await topicRetention(client, [topic, uniqueName("missing")]);
  expect([...found.keys()]).toEqual([topic]);
  expect(found.get(topic)?.retentionMs).toBe(7 * 86_400_000);
});

embeddedTest(
  "a client that may not see the settings is not told; a lost answer is an outage",
  async () => {
    await using broker = await startBroker();
    const client = testClient(broker.kafkaHost);
    const topic = await createTopic(client, 1);
    broker.embedded?.intercept("DescribeConfigs", () => ({ error: "TOPIC_AUTHORIZATION_FAILED" }));
    expect(await topicRetention(client, [topic])).toEqual(new Map());
    broker.embedded?.intercept("DescribeConfigs", () => ({ disconnect: "before" }), { times: 5 });
    expect(await rejectionOf(topicRetention(client, [topic]))).toMatchObject({
      code: "BROKER_UNAVAILABLE",
    });
  },
);

test.concurrent("without a broker there is no answer", async () => {
  const client = testClient(`127.0.0.1:${await freePort()}`);
  expect(await rejectionOf(topicRetention(client, ["a"]))).toMatchObject({
    code: "BROKER_UNAVAILABLE",
  });
});
