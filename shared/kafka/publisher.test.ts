import { expect, test } from "bun:test";
import {
  freePort,
  readTopic,
  rejectionOf,
  startBroker,
  startBrokerProcess,
  tempDir,
  uniqueName,
} from "@order-outbox/testing";
import { connectPublisher, ensureTopics, type Publisher } from "./mod.ts";
import { createTopic, embeddedTest, encode, testClient, toBatch } from "./test-kafka.ts";
import { withAdmin } from "./topics.ts";

/** kafkajs repeats a failed request once by itself. */
const TWICE = { times: 2 };

const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code;
const sendError = (publisher: Publisher, batches: Parameters<Publisher["send"]>[0]) =>
  publisher.send(batches).then(() => "written", codeOf);

async function valuesOf(kafkaHost: string, topic: string): Promise<string[]> {
  const records = await readTopic(kafkaHost, topic);
  return records.map(({ partition, value }) => `${partition}: ${value}`);
}

test.concurrent("a record that is too large fails its own partition; the others are written once", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, 3);
  const publisher = await connectPublisher(client);
  const outcomes = await publisher.send([
    toBatch(topic, 2, ["a", "b"]),
    toBatch(topic, 1, ["c", "x".repeat(2_000_000)]),
    toBatch(topic, 0, ["d"]),
  ]);
  await publisher.close();
  expect(outcomes.map(({ partition, error }) => [partition, error?.code])).toEqual([
    [2, undefined],
    [1, "RECORD_REFUSED"],
    [0, undefined],
  ]);
  expect(outcomes[1]?.error).toMatchObject({
    retryable: false,
    details: { topic, partition: 1, errorCode: 10 },
  });
  expect(await valuesOf(broker.kafkaHost, topic)).toEqual(["0: d", "2: a", "2: b"]);
});

test.concurrent("a record arrives with the key, value, headers and timestamp it was given", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, 2);
  const publisher = await connectPublisher(client);
  const timestamp = Date.now() - 60_000;
  const record = { key: "Grüße", value: '{"n":1}', headers: { ce_id: "1" }, timestamp };
  const outcomes = await publisher.send([{ topic, partition: 1, batch: encode([record]) }]);
  await publisher.close();
  expect(outcomes).toEqual([{ topic, partition: 1 }]);
  expect(await readTopic(broker.kafkaHost, topic)).toEqual([
    { ...record, partition: 1, offset: 0 },
  ]);
});

test.concurrent("a topic that does not exist is named, and is not created by sending", async () => {
  await using broker = await startBroker();
  const topic = uniqueName("missing");
  const publisher = await connectPublisher(testClient(broker.kafkaHost));
  const sent = publisher.send([toBatch(topic, 0, ["a"])]);
  expect(await rejectionOf(sent)).toMatchObject({
    code: "TOPIC_MISSING",
    details: { topics: [topic] },
  });
  await publisher.close();
  expect(await readTopic(broker.kafkaHost, topic)).toEqual([]);
});

test.concurrent("a topic that is deleted under a publisher is missed, whatever became of the others", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const [kept, deleted] = [await createTopic(client, 1), await createTopic(client, 1)];
  const publisher = await connectPublisher(client);
  await publisher.send([toBatch(kept, 0, ["a"]), toBatch(deleted, 0, ["b"])]);
  await withAdmin(client, (admin) => admin.deleteTopics({ topics: [deleted] }));
  const batches = [toBatch(kept, 0, ["c"]), toBatch(deleted, 0, ["d"])];
  expect(await sendError(publisher, batches)).toBe("TOPIC_MISSING");
  await publisher.close();
  expect(await valuesOf(broker.kafkaHost, kept)).toEqual(["0: a", "0: c"]);
});

test.concurrent("without a broker there is no publisher", async () => {
  const client = testClient(`127.0.0.1:${await freePort()}`);
  expect(await rejectionOf(connectPublisher(client))).toMatchObject({
    code: "BROKER_UNAVAILABLE",
    retryable: true,
  });
});

for (const fault of [{ disconnect: "after" }, { silence: "after" }] as const) {
  embeddedTest(
    `an identical batch after a lost answer is not written again: ${Object.keys(fault)}`,
    async () => {
      await using broker = await startBroker();
      const client = testClient(broker.kafkaHost, { requestTimeoutMs: 400 });
      const topic = await createTopic(client, 2);
      const publisher = await connectPublisher(client);
      const first = [toBatch(topic, 0, ["a"]), toBatch(topic, 1, ["b", "c"])];
      const second = [toBatch(topic, 1, ["d"]), toBatch(topic, 0, ["e", "f"])];
      expect(await sendError(publisher, first)).toBe("written");
      broker.embedded?.intercept("Produce", () => fault, TWICE);
      expect(await sendError(publisher, second)).toBe("BROKER_UNAVAILABLE");
      expect(await publisher.send(second)).toEqual([
        { topic, partition: 1 },
        { topic, partition: 0 },
      ]);
      await publisher.close();
      expect(await valuesOf(broker.kafkaHost, topic)).toEqual([
        "0: a",
        "0: e",
        "0: f",
        "1: b",
        "1: c",
        "1: d",
      ]);
    },
  );
}

for (const trouble of ["NOT_LEADER_OR_FOLLOWER", "NOT_ENOUGH_REPLICAS"] as const) {
  embeddedTest(
    `a partition with ${trouble} is not ready, which no record is blamed for; the others are written once`,
    async () => {
      await using broker = await startBroker();
      const client = testClient(broker.kafkaHost);
      const topic = await createTopic(client, 2);
      const publisher = await connectPublisher(client);
      const fault = { error: trouble, topic, partition: 0 } as const;
      broker.embedded?.intercept("Produce", () => fault, TWICE);
      const outcomes = await publisher.send([toBatch(topic, 0, ["a"]), toBatch(topic, 1, ["b"])]);
      await publisher.close();
      expect(outcomes.map(({ error }) => [error?.code, error?.retryable])).toEqual([
        ["BROKER_NOT_READY", true],
        [undefined, undefined],
      ]);
      expect(await valuesOf(broker.kafkaHost, topic)).toEqual(["1: b"]);
    },
  );
}

embeddedTest(
  "an idle publisher writes nothing into a cluster that took its broker's place",
  async () => {
    using folder = tempDir();
    const startCluster = (name: string, port = 0) =>
      startBrokerProcess({ data: `${folder.path}/${name}`, port });
    const broker = await startCluster("first");
    const client = testClient(broker.kafkaHost);
    const topic = await createTopic(client, 1);
    const publisher = await connectPublisher(client);
    const send = (value: string) => sendError(publisher, [toBatch(topic, 0, [value])]);
    expect(await send("a")).toBe("written");
    await broker[Symbol.asyncDispose]();

    await using other = await startCluster("other", Number(broker.kafkaHost.split(":")[1]));
    await ensureTopics(client, { [topic]: 1 });
    expect([await send("b"), await send("b")]).toEqual([
      "BROKER_UNAVAILABLE",
      "BROKER_UNAVAILABLE",
    ]);
    await publisher.close();
    expect(await valuesOf(other.kafkaHost, topic)).toEqual([]);
  },
);

embeddedTest(
  "a publisher knows whether another cluster has taken its broker's address",
  async () => {
    const broker = await startBroker();
    const port = broker.embedded?.port ?? 0;
    const client = testClient(broker.kafkaHost);
    const topic = await createTopic(client, 1);
    const publisher = await connectPublisher(client);
    expect(await publisher.isSameCluster()).toBe(true);

    await broker[Symbol.asyncDispose]();
    expect(await sendError(publisher, [toBatch(topic, 0, ["a"])])).toBe("BROKER_UNAVAILABLE");
    expect(await rejectionOf(publisher.isSameCluster())).toMatchObject({
      code: "BROKER_UNAVAILABLE",
    });

    await using other = await startBroker({ port });
    expect(other.kafkaHost).toBe(broker.kafkaHost);
    expect(await publisher.isSameCluster()).toBe(false);
    await publisher.close();
  },
);
