import { afterAll, beforeAll, expect, test } from "bun:test";
import { rejectionOf, uniqueName } from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { type DevBroker, type Fault, type InterceptedRequest, startDevBroker } from "./mod.ts";
import { consumeAll, kafkaOf, producerOf, valuesOf } from "./test-kafka.ts";

let broker: DevBroker;

beforeAll(async () => {
  broker = await startDevBroker({ topics: { two: 2, unheard: 1, late: 1, seen: 1 } });
});

afterAll(() => broker.close());

test("one partition is refused, the other is written", async () => {
  await using producer = await producerOf(kafkaOf(broker.address));
  const messages = [
    { partition: 0, value: "a" },
    { partition: 1, value: "b" },
  ];
  broker.intercept("Produce", () => ({ error: "MESSAGE_TOO_LARGE", topic: "two", partition: 1 }));
  const refused = producer.send({ topic: "two", messages });
  expect(await rejectionOf(refused)).toMatchObject({ type: "MESSAGE_TOO_LARGE" });
  const sent = await producer.send({ topic: "two", messages });
  expect(sent.map(({ partition, baseOffset }) => [partition, baseOffset]).toSorted()).toEqual([
    [0, "1"],
    [1, "0"],
  ]);
});

test("a whole request is answered with an error, as often as was asked for", async () => {
  await using producer = await producerOf(kafkaOf(broker.address));
  const send = () => producer.send({ topic: "two", messages: [{ value: "a" }] });
  broker.intercept("Produce", () => ({ error: "KAFKA_STORAGE_ERROR" }), { times: 2 });
  for (let time = 0; time < 2; time++) {
    expect(String(await rejectionOf(send()))).toContain("Disk error");
  }
  expect(await send()).toHaveLength(1);
});

test.each<[string, Fault, string[]]>([
  ["before it was carried out", { disconnect: "before" }, ["again"]],
  ["after it was carried out", { disconnect: "after" }, ["once", "again"]],
])("the connection closes %s", async (_, fault, written) => {
  const kafka = kafkaOf(broker.address);
  const topic = uniqueName("topic");
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
  await admin.disconnect();
  await using producer = await producerOf(kafka);
  broker.intercept("Produce", () => fault);
  await rejectionOf(producer.send({ topic, messages: [{ value: "once" }] }));
  await using next = await producerOf(kafka);
  await next.send({ topic, messages: [{ value: "again" }] });
  expect(valuesOf(await consumeAll(kafka, topic, written.length))).toEqual(written);
});

test("an answer that never comes leaves the connection usable", async () => {
  const kafka = new Kafka({
    brokers: [broker.address],
    logLevel: logLevel.NOTHING,
    requestTimeout: 100,
  });
  await using producer = await producerOf(kafka);
  const send = (value: string) => producer.send({ topic: "unheard", messages: [{ value }] });
  broker.intercept("Produce", () => ({ silence: "after" }));
  expect(String(await rejectionOf(send("a")))).toContain("timed out");
  expect(await send("b")).toMatchObject([{ baseOffset: "1" }]);
});

test("a request waits for the intercept's promise", async () => {
  await using producer = await producerOf(kafkaOf(broker.address));
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  const arrived = Promise.withResolvers<void>();
  broker.intercept("Produce", () => {
    arrived.resolve();
    return gate;
  });
  const order: string[] = [];
  const sending = producer.send({ topic: "late", messages: [{ value: "a" }] });
  const noted = sending.then(() => order.push("answered"));
  await arrived.promise;
  order.push("opened");
  open(undefined);
  await noted;
  expect(order).toEqual(["opened", "answered"]);
});

test("an intercept that only looks sees every request until it is disposed of", async () => {
  await using producer = await producerOf(kafkaOf(broker.address));
  const send = () => producer.send({ topic: "seen", messages: [{ value: "a" }] });
  const seen: InterceptedRequest[] = [];
  const look = (request: InterceptedRequest) => {
    seen.push(request);
    return undefined;
  };
  {
    using _looking = broker.intercept("Produce", look);
    await send();
    await send();
  }
  await send();
  expect(seen).toMatchObject([
    {
      api: "Produce",
      version: 8,
      clientId: "test",
      body: { acks: -1, topics: [{ name: "seen" }] },
    },
    { api: "Produce" },
  ]);
});
