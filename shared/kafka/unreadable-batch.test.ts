import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  ATTRIBUTES,
  CODECS,
  encodeWireBatch,
  encodeWireRecord,
  publishBytes,
  seal,
  spoilStored,
  startBroker,
  tempDir,
  waitFor,
  wireBatch,
  wireRecord,
  wrapPacked,
  wrapRecords,
} from "@order-outbox/testing";
import type { ConsumedBatch } from "./mod.ts";
import { MAX_RECORD_BYTES } from "./records.ts";
import { createTopic, embeddedTest, publish, testClient, testConsumer } from "./test-kafka.ts";
import { startSpoilingProxy } from "./test-spoiling-proxy.ts";

const TWO = [wireRecord("x"), wireRecord("y")];
const packedAs = (codec: number, body: Buffer) => wrapPacked(wireBatch(TWO, { codec }), body);

/** Batches that a broker which does not look into them takes, each with why they cannot be read. */
const BROKEN: Record<string, [codec: string, reason: string, batch: Buffer]> = {
  "is no gzip": ["gzip", "incorrect header check", packedAs(CODECS.gzip, Buffer.from("no gzip"))],
  "is cut gzip": [
    "gzip",
    "unexpected end of file",
    packedAs(CODECS.gzip, gzipSync(Buffer.alloc(100)).subarray(0, 20)),
  ],
  "is no Snappy": ["snappy", "ends too early", packedAs(CODECS.snappy, Buffer.from([9, 0]))],
  "is no LZ4": ["lz4", "no LZ4 frame", packedAs(CODECS.lz4, Buffer.from("no LZ4"))],
  "is no zstd": ["zstd", "Unknown frame", packedAs(CODECS.zstd, Buffer.from("no zstd"))],
  "has fewer records than it claims": [
    "none",
    "less than it claims",
    wrapRecords(wireBatch(TWO), encodeWireRecord(wireRecord("x"))),
  ],
  "has a record beyond its end": [
    "none",
    "do not ascend",
    wrapRecords(
      wireBatch(TWO),
      Buffer.concat(
        [0, 1_000].map((offsetDelta) => encodeWireRecord(wireRecord("x", { offsetDelta }))),
      ),
    ),
  ],
};

for (const [what, [codec, reason, batch]] of Object.entries(BROKEN)) {
  embeddedTest(
    `a batch that ${what} stops its partition alone, and is jumped over on demand`,
    async () => {
      await using broker = await startBroker();
      const client = testClient(broker.kafkaHost);
      const topic = await createTopic(client, 2);
      await publish(client, topic, 0, ["a"]);
      await publishBytes(client, topic, 0, batch);
      await publish(client, topic, 0, ["b"]);
      let start = 0;
      await using consumer = testConsumer(client, topic, 2, {
        startOffset: (_cluster, _topic, partition) => (partition === 0 ? start : undefined),
      });
      consumer.start();
      const [stopped] = await waitFor(() => nonEmpty(consumer.status().stopped), {
        what: "a stop",
      });
      expect(stopped).toMatchObject({ topic, partition: 0, offset: 1, code: "BATCH_UNREADABLE" });
      expect(stopped?.reason).toContain(reason);
      expect(stopped?.reason).toContain("it ends before offset 3");
      if (codec !== "none") expect(stopped?.reason).toContain(`compressed with ${codec}`);
      await publish(client, topic, 1, ["other"]);
      await waitFor(() => consumer.values(1).length === 1, { what: "the other partition" });
      expect([consumer.values(0), consumer.status().state]).toEqual([["a"], "joined"]);
      expect(client.lines.filter(({ level }) => level !== "info")).toMatchObject([
        { level: "error", fields: { topic, partition: 0, offset: 1, code: "BATCH_UNREADABLE" } },
      ]);
      await consumer.restart(async () => {
        start = 3;
      });
      await waitFor(() => consumer.values(0).length === 2, { what: "what comes behind it" });
      expect([consumer.values(0), consumer.status().stopped]).toEqual([["a", "b"], []]);
    },
  );
}

const nonEmpty = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

const SPOILED: Record<string, (batch: Buffer) => void> = {
  "does not match its CRC": (batch) => void batch.writeUInt8(batch.readUInt8(70) ^ 1, 70),
  "has an unknown codec": (batch) => void seal(batch.fill(5, 22, 23)),
  "has the format of old brokers": (batch) => void batch.writeInt8(1, 16),
};

for (const [what, spoil] of Object.entries(SPOILED)) {
  embeddedTest(`a stored batch that ${what} stops its partition`, async () => {
    await using dir = tempDir();
    await using setup = await withStored(dir.path, spoil);
    await using consumer = testConsumer(setup.client, setup.topic, 1);
    consumer.start();
    await waitFor(() => consumer.status().stopped.length > 0, { what: "a stop" });
    expect(consumer.status().stopped).toMatchObject([{ offset: 0, code: "BATCH_UNREADABLE" }]);
  });
}

embeddedTest("a batch that was spoiled on its way is read when it comes again", async () => {
  await using proxy = await startSpoilingProxy(1, "spoilt once");
  await using broker = await startBroker({ advertise: { host: "127.0.0.1", port: proxy.port } });
  proxy.forwardTo(broker.embedded?.port ?? 0);
  const client = testClient(`127.0.0.1:${proxy.port}`);
  const topic = await createTopic(client, 1);
  await publish(client, topic, 0, ["spoilt once"]);
  await using consumer = testConsumer(client, topic, 1, { lookAgainMs: 20 });
  consumer.start();
  await waitFor(() => consumer.values().length === 1, { what: "the record" });
  expect(consumer.values()).toEqual(["spoilt once"]);
  expect(proxy.left()).toBe(0);
  await waitFor(() => consumer.status().stopped.length === 0, { what: "the stop to be over" });
  expect(client.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    expect.stringContaining("error: a batch cannot be read, its CRC does not match"),
    "info: this partition goes on",
  ]);
});

const EMPTY: Record<string, (batch: Buffer) => void> = {
  "the end of a transaction": (batch) =>
    void seal(batch.fill(ATTRIBUTES.control | ATTRIBUTES.transactional, 22, 23)),
  "a batch that compaction has emptied": (batch) => {
    batch.writeInt32BE(0, 57);
    seal(batch);
  },
};

for (const [what, spoil] of Object.entries(EMPTY)) {
  embeddedTest(`${what} moves the offset although nothing of it is for us`, async () => {
    await using dir = tempDir();
    await using setup = await withStored(dir.path, spoil);
    const batches: ConsumedBatch[] = [];
    await using consumer = testConsumer(setup.client, setup.topic, 1, {
      onBatch: async (batch) => void batches.push(batch),
    });
    consumer.start();
    const batch = await waitFor(() => batches[0], { what: "a batch" });
    expect(batch).toMatchObject({ records: [], nextOffset: 1, highWatermark: 1 });
    await publish(setup.client, setup.topic, 0, ["b"]);
    await waitFor(() => batches.length > 1, { what: "the next one" });
    expect(batches[1]?.records.map(({ value }) => String(value))).toEqual(["b"]);
  });
}

/** A broker with one stored batch of one record, changed as no producer may. */
async function withStored(folder: string, change: (batch: Buffer) => void) {
  let topic: string;
  {
    await using broker = await startBroker({ data: folder });
    const client = testClient(broker.kafkaHost);
    topic = await createTopic(client, 1);
    await publish(client, topic, 0, ["a"]);
  }
  spoilStored(folder, change);
  const broker = await startBroker({ data: folder });
  return {
    topic,
    client: testClient(broker.kafkaHost),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

const BOMBS: Record<string, Buffer> = {
  "becomes larger than it may": packedAs(CODECS.gzip, gzipSync(Buffer.alloc(100 * 1024 * 1024))),
  "has too many headers": encodeWireBatch(
    wireBatch([
      wireRecord("x", { headers: Array.from({ length: 100_000 }, () => ["", null]) }),
      wireRecord("y"),
    ]),
  ),
};

for (const [what, bomb] of Object.entries(BOMBS)) {
  embeddedTest(
    `a batch that ${what} is told by its place, its digest and its first bytes`,
    async () => {
      await using broker = await startBroker();
      const client = testClient(broker.kafkaHost);
      const topic = await createTopic(client, 1);
      await publish(client, topic, 0, ["a"]);
      await publishBytes(client, topic, 0, bomb);
      await publish(client, topic, 0, ["b"]);
      await using consumer = testConsumer(client, topic, 1);
      consumer.start();
      await waitFor(() => consumer.seen.length >= 3, { what: "the records" });
      const [first, stands, last] = consumer.seen;
      expect([String(first?.value), String(last?.value)]).toEqual(["a", "b"]);
      expect(stands).toMatchObject({ offset: 2, key: null, headers: {} });
      expect(stands?.value?.length).toBeLessThanOrEqual(256);
      expect(stands?.excess).toContain("the batch of offsets 1 to 2 is too large");
      expect(stands?.excess).toMatch(/: \d+ bytes, SHA-256 [0-9a-f]{64}$/);
    },
  );
}

test.concurrent("a record that is too large is told the same way, and its neighbours are read", async () => {
  await using broker = await startBroker();
  const client = testClient(broker.kafkaHost);
  const topic = await createTopic(client, 1);
  const fitting = "x".repeat(MAX_RECORD_BYTES - 3);
  const records = [
    wireRecord("a"),
    wireRecord("x".repeat(MAX_RECORD_BYTES)),
    wireRecord("b", { headers: [["h", Buffer.alloc(MAX_RECORD_BYTES)]] }),
    wireRecord(fitting),
  ];
  for (const codec of [CODECS.none, CODECS.gzip]) {
    await publishBytes(client, topic, 0, encodeWireBatch(wireBatch(records, { codec })));
  }
  await using consumer = testConsumer(client, topic, 1);
  consumer.start();
  await waitFor(() => consumer.seen.length >= 8, { what: "the records" });
  for (const seen of [consumer.seen.slice(0, 4), consumer.seen.slice(4)]) {
    const [first, large, headed, last] = seen;
    expect([String(first?.value), String(last?.value)]).toEqual(["a", fitting]);
    for (const one of [large, headed]) {
      expect(one).toMatchObject({
        key: null,
        headers: {},
        excess: expect.stringContaining("SHA-256"),
      });
      expect(one?.value?.length).toBeLessThanOrEqual(256);
    }
  }
});
