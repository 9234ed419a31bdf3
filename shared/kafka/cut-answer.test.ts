import { expect } from "bun:test";
import { connect, createServer } from "node:net";
import { startBroker } from "@order-outbox/testing";
import { createTopic, embeddedTest, testClient } from "./test-kafka.ts";

const PARTITIONS = 500;
/** Less than the metadata of that many partitions, more than any other answer here. */
const CUT_AFTER_BYTES = 4_000;

/** Passes everything on, but cuts the first connection off in the middle of a large answer. */
async function startCuttingProxy(brokerPort: number) {
  let cuts = 0;
  const server = createServer((client) => {
    const broker = connect(brokerPort, "127.0.0.1");
    let passed = 0;
    client.on("data", (data) => void broker.write(data)).on("error", () => broker.destroy());
    client.on("close", () => broker.destroy());
    broker.on("error", () => client.destroy());
    broker.on("data", (data: Buffer) => {
      passed += data.length;
      if (cuts > 0 || passed < CUT_AFTER_BYTES) return void client.write(data);
      cuts += 1;
      client.write(data.subarray(0, 100), () => client.destroy());
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return {
    port: address.port,
    cuts: () => cuts,
    [Symbol.dispose]: () => void server.close(),
  };
}

embeddedTest("an answer that was cut off does not spoil those of the next connection", async () => {
  await using broker = await startBroker();
  const topic = await createTopic(testClient(broker.kafkaHost), PARTITIONS);
  using proxy = await startCuttingProxy(broker.embedded?.port ?? 0);
  const { kafkajs } = testClient(`127.0.0.1:${proxy.port}`, { requestTimeoutMs: 3_000 });
  const admin = kafkajs.admin({ retry: { retries: 5, initialRetryTime: 10 } });
  const timedOut: unknown[] = [];
  admin.on(admin.events.REQUEST_TIMEOUT, (event) => timedOut.push(event.payload.apiName));
  await admin.connect();
  const fetchMetadata = () => admin.fetchTopicMetadata({ topics: [topic] });
  expect(await fetchMetadata().catch(({ name }: Error) => name)).toBe(
    "KafkaJSConnectionClosedError",
  );
  const { topics } = await fetchMetadata();
  await admin.disconnect();
  expect(topics[0]?.partitions).toHaveLength(PARTITIONS);
  expect([proxy.cuts(), timedOut]).toEqual([1, []]);
});
