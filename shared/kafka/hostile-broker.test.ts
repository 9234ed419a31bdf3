import { expect, test } from "bun:test";
import {
  flood,
  frameLength,
  startBroker,
  startImpostor,
  uniqueName,
  waitFor,
} from "@order-outbox/testing";
import { connectPublisher, ensureTopics } from "./mod.ts";
import { embeddedTest, publish, testClient, testConsumer } from "./test-kafka.ts";
import { startSpoilingProxy } from "./test-spoiling-proxy.ts";

for (const claimed of [-1, -(2 ** 31), 0, 3, 2 ** 31 - 1, 64 * 1024 * 1024]) {
  test.concurrent(`an answer that claims to have ${claimed} bytes is an outage`, async () => {
    using impostor = await startImpostor((socket) => socket.write(frameLength(claimed)));
    const client = testClient(impostor.kafkaHost, { requestTimeoutMs: 2_000 });
    for (const attempt of [
      () => ensureTopics(client, { topic: 1 }),
      () => connectPublisher(client),
    ]) {
      const error = await attempt().then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: "BROKER_UNAVAILABLE" });
      expect(error?.message).toContain(`an answer claims to have ${claimed} bytes`);
    }
  });
}

test.concurrent("what claims too much gets nothing more to be buffered", async () => {
  const closed = Promise.withResolvers<number>();
  let sent = 0;
  using impostor = await startImpostor((socket) => {
    socket.on("close", () => closed.resolve(sent));
    socket.write(frameLength(200 * 1024 * 1024));
    flood(socket, (bytes) => {
      sent += bytes;
    });
  });
  await ensureTopics(testClient(impostor.kafkaHost), { topic: 1 }).catch(() => {});
  expect(await closed.promise).toBeLessThan(32 * 1024 * 1024);
});

test.concurrent("whatever is answered, it is an outage", async () => {
  using impostor = await startImpostor((socket, request) => {
    const body = crypto.getRandomValues(Buffer.alloc(4 + Math.floor(Math.random() * 200)));
    request.copy(body, 0, 8, 12);
    socket.write(Buffer.concat([frameLength(body.length), body]));
  });
  const client = testClient(impostor.kafkaHost, { requestTimeoutMs: 500 });
  for (let round = 0; round < 40; round++) {
    const error = await ensureTopics(client, { topic: 1 }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "BROKER_UNAVAILABLE" });
  }
});

const answers = process.env.PROOF === "full" ? 3_000 : 100;

embeddedTest(`after ${answers} spoiled answers every record is read`, async () => {
  await using proxy = await startSpoilingProxy(answers);
  await using broker = await startBroker({ advertise: { host: "127.0.0.1", port: proxy.port } });
  proxy.forwardTo(broker.embedded?.port ?? 0);
  const client = testClient(`127.0.0.1:${proxy.port}`, {
    requestTimeoutMs: 300,
    connectionTimeoutMs: 300,
  });
  const topic = uniqueName("topic");
  const retryDelayMs = { outage: 1, occupied: 1 };
  await using consumer = testConsumer(client, topic, 1, { retryDelayMs });
  consumer.start();
  while (proxy.left() > 0) {
    await ensureTopics(client, { [topic]: 1 })
      .then(() => publish(client, topic, 0, ["troubled"]))
      .catch(({ code }) => expect(code).toBeString());
  }
  await waitFor(() => publish(client, topic, 0, ["calm"]).then(() => true), { what: "calm" });
  await using later = testConsumer(client, topic, 1);
  later.start();
  await waitFor(() => later.values().at(-1) === "calm", { what: "the records" });
  expect(consumer.status().state).not.toBe("stopped");
});
