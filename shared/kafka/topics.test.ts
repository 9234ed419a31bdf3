import { expect, test } from "bun:test";
import { freePort, rejectionOf, startBroker, uniqueName } from "@order-outbox/testing";
import { ensureTopics, partitionCounts, requireTopics } from "./mod.ts";
import { createTopic, embeddedTest, testClient } from "./test-kafka.ts";

test.concurrent("missing topics are created, and existing ones keep their partitions", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const [old, fresh, absent] = [await createTopic(client, 2), uniqueName("b"), uniqueName("c")];
  expect(await ensureTopics(client, { [old]: 5, [fresh]: 3 })).toEqual(
    new Map([
      [old, 2],
      [fresh, 3],
    ]),
  );
  expect(await partitionCounts(client, [old, absent, fresh])).toEqual(
    new Map([
      [old, 2],
      [fresh, 3],
    ]),
  );
  expect(await partitionCounts(client, [absent])).toEqual(new Map());
});

embeddedTest("topics that may not be created stay missing, and the operator is told", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const [old, missing] = [await createTopic(client, 2), uniqueName("missing")];
  broker.embedded?.intercept("CreateTopics", () => ({ error: "INVALID_REQUEST" }));
  const counts = await ensureTopics(client, { [old]: 2, [missing]: 2 });
  expect(counts).toEqual(new Map([[old, 2]]));
  expect(client.lines).toMatchObject([{ level: "warn", fields: { topics: [missing] } }]);
});

test.concurrent("a client that may not create topics only looks, and names the command", async () => {
  await using broker = await startBroker();
  const [old, missing] = [await createTopic(testClient(broker.kafkaHost), 2), uniqueName("no")];
  const client = testClient(broker.kafkaHost, { createTopics: false });
  expect(await ensureTopics(client, { [old]: 2, [missing]: 2 })).toEqual(new Map([[old, 2]]));
  expect(await requireTopics(client, { [old]: 5 })).toEqual(new Map([[old, 2]]));
  expect(await rejectionOf(requireTopics(client, { [old]: 2, [missing]: 2 }))).toMatchObject({
    code: "TOPIC_MISSING",
    message: `topics do not exist: ${missing}; "bun run outbox topics" creates them`,
    details: { topics: [missing] },
  });
  expect(client.lines).toEqual([]);
});

test.concurrent("without a broker nothing is known about topics", async () => {
  const client = testClient(`127.0.0.1:${await freePort()}`);
  const unavailable = { code: "BROKER_UNAVAILABLE" };
  expect(await rejectionOf(ensureTopics(client, { a: 1 }))).toMatchObject(unavailable);
  expect(await rejectionOf(partitionCounts(client, ["a"]))).toMatchObject(unavailable);
});
