import { expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { startDevBroker } from "@order-outbox/dev-broker";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { rejectionOf, startFaultProxy, waitFor } from "./mod.ts";

/** A broker that is reached through a proxy, and a producer that gives up soon. */
async function openNetwork() {
  await using opened = new AsyncDisposableStack();
  const proxy = opened.use(await startFaultProxy());
  const broker = opened.use(
    await startDevBroker({
      advertise: { host: "127.0.0.1", port: proxy.port },
      topics: { numbers: 1 },
    }),
  );
  proxy.forwardTo({ port: broker.port });
  let arrived = 0;
  broker.intercept("Produce", () => {
    arrived += 1;
    return undefined;
  });
  const kafka = new Kafka({
    brokers: [proxy.address],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 300,
    requestTimeout: 500,
    retry: { retries: 0 },
  });
  const openProducer = () =>
    kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
  const producer = openProducer();
  await producer.connect();
  opened.defer(() => producer.disconnect());
  const send = (value: string) => producer.send({ topic: "numbers", messages: [{ value }] });
  await send("first");
  const resources = opened.move();
  return {
    proxy,
    send,
    openProducer,
    /** Produce requests that reached the broker, without the first. */
    arrived: () => arrived - 1,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test.concurrent("refuse turns new connections away and leaves the open ones alone", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "refuse" });
  const late = network.openProducer();
  await rejectionOf(late.connect());
  await network.send("on the open connection");
  network.proxy.heal();
  await late.connect();
  await late.disconnect();
});

test.concurrent("cut drops every open connection, and clients come back", async () => {
  await using network = await openNetwork();
  expect(network.proxy.connections).toBeGreaterThan(0);
  expect(network.proxy.cut()).toBeGreaterThan(0);
  await waitFor(() => network.proxy.connections === 0, { what: "the connections to be gone" });
  await waitFor(() => network.send("again"), { what: "the producer to be back" });
});

test.concurrent("delay holds requests and answers back", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "delay", ms: 60 });
  const startedAt = performance.now();
  await network.send("slowly");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(120);
});

test.concurrent("half-open keeps silent, and what was held back passes when it is healed", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "half-open" });
  await rejectionOf(network.send("into the void"));
  await rejectionOf(network.openProducer().connect());
  expect(network.arrived()).toBe(0);
  network.proxy.heal();
  await waitFor(() => network.arrived() === 1, { what: "the request to arrive late" });
});

test.concurrent("one-way requests: the broker does as it is told, and nobody hears of it", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "one-way", passes: "requests" });
  await rejectionOf(network.send("written"));
  expect(network.arrived()).toBe(1);
});

test.concurrent("one-way answers: the broker hears nothing", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "one-way", passes: "answers" });
  await rejectionOf(network.send("unheard"));
  expect(network.arrived()).toBe(0);
});

test.concurrent("slow passes so many bytes a second", async () => {
  await using network = await openNetwork();
  network.proxy.inject({ kind: "slow", bytesPerSecond: 100_000 });
  const startedAt = performance.now();
  await network.send("x".repeat(10_000));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(80);
});

/** What a server got on one connection, and the connection. */
async function openPlainServer() {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, resolve).listen(0, "127.0.0.1");
  await waitFor(() => server.listening, { what: "the server" });
  const { port } = server.address() as { port: number };
  return { port, accepted, [Symbol.dispose]: () => void server.close() };
}

test.concurrent("a reader that stops reading stops the writer, and gets every byte in the end", async () => {
  using server = await openPlainServer();
  await using proxy = await startFaultProxy({ port: server.port });
  const writer = connect(proxy.port, "127.0.0.1");
  const reader = await server.accepted;
  reader.pause();
  const block = Buffer.alloc(1024 * 1024, "0123456789");
  let taken = 0;
  function* blocks() {
    for (; taken < 64; taken++) yield block;
  }
  Readable.from(blocks()).pipe(writer);
  const looks: number[] = [];
  await waitFor(() => taken > 0 && looks.push(taken) > 4 && looks.at(-4) === looks.at(-1), {
    what: "the writer to be stuck",
    intervalMs: 50,
  });
  expect(taken).toBeWithin(1, 40);

  const hash = new Bun.CryptoHasher("md5");
  for await (const chunk of reader) hash.update(chunk);
  const sent = Buffer.concat(Array(64).fill(block));
  expect(hash.digest("hex")).toBe(Bun.CryptoHasher.hash("md5", sent, "hex"));
  reader.end();
});

test.concurrent("the end of one direction passes, and the other goes on", async () => {
  using server = await openPlainServer();
  await using proxy = await startFaultProxy({ port: server.port });
  const client = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  client.end("question");
  const socket = await server.accepted;
  let question = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) question += chunk;
  socket.end(`answer to ${question}`);
  let answer = "";
  for await (const chunk of client) answer += chunk;
  expect(answer).toBe("answer to question");
  await waitFor(() => proxy.connections === 0, { what: "the connection to be closed" });
});

test.concurrent("without a target, and with one that is down, connections are closed", async () => {
  await using proxy = await startFaultProxy();
  const { port } = proxy;
  for (const target of [undefined, { port: 1 }]) {
    if (target) proxy.forwardTo(target);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    connect(port, "127.0.0.1")
      .on("error", () => {})
      .on("close", () => resolve());
    await closed;
  }
});
