import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { uniqueName, waitFor } from "@order-outbox/testing";
import { apiVersions } from "./apis/api-versions.ts";
import { fetch } from "./apis/fetch.ts";
import { metadata } from "./apis/metadata.ts";
import { produce } from "./apis/produce.ts";
import { APIS } from "./apis/registry.ts";
import { type DevBroker, startDevBroker } from "./mod.ts";
import { makeBatch } from "./test-batch.ts";
import { kafkaOf, producerOf } from "./test-kafka.ts";
import { connectRaw, encodeRequest } from "./test-raw-client.ts";
import { KAFKA_ERRORS } from "./wire/error-codes.ts";

const TOPIC = "orders";
const versionsApi = apiVersions(() => APIS);
const askVersions = { clientSoftwareName: "raw", clientSoftwareVersion: "1" };
const askMetadata = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};
/** Asks for nothing and waits for it. */
const emptyFetch = (maxWaitMs: number) => ({
  replicaId: -1,
  maxWaitMs,
  minBytes: 1,
  maxBytes: 1,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: [],
  forgottenTopics: [],
  rackId: "",
});
let broker: DevBroker;
const warnings: string[] = [];

beforeAll(async () => {
  broker = await startDevBroker({
    topics: { [TOPIC]: 1 },
    onWarning: (message, error) => warnings.push(`${message}: ${error}`),
  });
});

afterAll(() => broker.close());

/** Sends bytes and waits until the broker closes the connection. */
async function isClosedAfter(bytes: Buffer): Promise<void> {
  await using client = await connectRaw(broker.address);
  client.socket.write(bytes);
  await client.closed;
}

async function stillServes(): Promise<void> {
  await using producer = await producerOf(kafkaOf(broker.address));
  const [answer] = await producer.send({ topic: TOPIC, messages: [{ value: uniqueName("v") }] });
  expect(answer?.errorCode).toBe(0);
  expect(warnings).toEqual([]);
}

function withLength(length: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(length);
  return Buffer.concat([head, rest]);
}

test.each([
  ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ["a TLS greeting", Buffer.from("16030100f8010000f40303", "hex")],
  ["a negative length", withLength(-1, Buffer.alloc(8))],
  ["a length of nothing", withLength(0, Buffer.alloc(0))],
  ["a huge length", withLength(0x7fff_ffff, Buffer.alloc(100))],
  ["a frame of zeros", withLength(100, Buffer.alloc(100))],
  ["a frame of ones", withLength(100, Buffer.alloc(100, 0xff))],
  ["an unknown API", withLength(14, Buffer.from("7fff0000000000010000ffffffff", "hex"))],
  ["an API's version of the future", encodeRequest(metadata, 99, 1, askMetadata)],
  [
    "a version that is announced but not served",
    withLength(10, Buffer.from("00000002000000010000", "hex")),
  ],
  [
    "a body that ends early",
    withLength(14, Buffer.from("00030008000000010000ffffffff", "hex").subarray(0, 14)),
  ],
  [
    "an array that promises two billion",
    withLength(14, Buffer.from("000300080000000100007fffffff", "hex")),
  ],
])("%s closes the connection and harms nobody", async (_, bytes) => {
  await isClosedAfter(bytes);
  await stillServes();
});

test("ApiVersions of an unknown version is answered in version 0 with what is served", async () => {
  await using client = await connectRaw(broker.address);
  const answered = Promise.withResolvers<Buffer>();
  client.socket.once("data", (chunk: Buffer) => answered.resolve(chunk));
  client.socket.write(encodeRequest(versionsApi, 9, 77, askVersions));
  const frame = await answered.promise;
  expect([frame.readInt32BE(4), frame.readInt16BE(8), frame.readInt32BE(10)]).toEqual([
    77,
    KAFKA_ERRORS.UNSUPPORTED_VERSION,
    APIS.length,
  ]);
  expect(await client.call(versionsApi, 3, askVersions)).toMatchObject({ errorCode: 0 });
  const illegal = { ...askVersions, clientSoftwareName: "-raw" };
  expect(await client.call(versionsApi, 3, illegal)).toMatchObject({
    errorCode: KAFKA_ERRORS.INVALID_REQUEST,
  });
});

test("requests of one connection are answered in their order, also behind one that waits", async () => {
  await using client = await connectRaw(broker.address);
  const ids: number[] = [];
  client.socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += 4 + chunk.readInt32BE(at)) {
      ids.push(chunk.readInt32BE(at + 4));
    }
  });
  const arrived = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  using _held = broker.intercept("Fetch", () => {
    arrived.resolve();
    return gate;
  });
  client.send(fetch, 4, emptyFetch(0));
  await arrived.promise;
  for (let index = 0; index < 20; index++) client.send(metadata, 1, askMetadata);
  await stillServes();
  open(undefined);
  await waitFor(() => ids.length === 21, { what: "all answers" });
  expect(ids).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
});

test("a request that comes byte by byte is answered, and half a request harms nobody", async () => {
  await using half = await connectRaw(broker.address);
  const request = encodeRequest(metadata, 1, 1, askMetadata);
  half.socket.write(request.subarray(0, request.length - 1));
  await stillServes();

  await using slow = await connectRaw(broker.address);
  slow.socket.setNoDelay(true);
  const answered = new Promise((resolve) => slow.socket.once("data", resolve));
  for (const byte of request) {
    await new Promise((resolve) => slow.socket.write(Buffer.of(byte), resolve));
  }
  await answered;
});

test("a client that goes away in the middle of anything is forgotten", async () => {
  for (let index = 0; index < 20; index++) {
    const client = await connectRaw(broker.address);
    client.send(metadata, 1, askMetadata);
    client.send(fetch, 4, emptyFetch(60_000));
    if (index % 2 === 0) client.socket.resetAndDestroy();
    else client.socket.end();
    await client.closed;
  }
  await stillServes();
});

test("a reader that does not read holds one answer, not all it asked for", async () => {
  const topic = uniqueName("big");
  const admin = kafkaOf(broker.address).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  await using producer = await connectRaw(broker.address);
  for (let index = 0; index < 8; index++) {
    const records = makeBatch({ valueBytes: 1_000_000 });
    await producer.call(produce, 7, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 0,
      topics: [{ name: topic, partitions: [{ index: 0, records }] }],
    });
  }
  const [host = "", port = ""] = broker.address.split(":");
  const before = process.memoryUsage().arrayBuffers;
  const lazy = connect(Number(port), host).pause();
  const asked = encodeRequest(fetch, 4, 1, {
    ...emptyFetch(0),
    maxBytes: 10e6,
    topics: [
      {
        name: topic,
        partitions: [
          { index: 0, currentLeaderEpoch: -1, fetchOffset: 0, logStartOffset: -1, maxBytes: 10e6 },
        ],
      },
    ],
  });
  for (let index = 0; index < 200; index++) lazy.write(asked);
  await stillServes();
  await stillServes();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  lazy.destroy();
});
