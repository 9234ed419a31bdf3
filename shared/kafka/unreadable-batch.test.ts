import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  ATTRIBUTES,
  CODECS,
  encodeWireBatch,
  encodeWireRecord,
  publishBytes,
  seal,
  sized,
  spoilStored,
  startBroker,
  tempDir,
  varint,
  waitFor,
  wireBatch,
  wireRecord,
  wrapPacked,
  wrapRecords,
} from "@order-outbox/testing";
import type { ConsumedBatch, KafkaClient } from "./mod.ts";
import { MAX_RECORD_BYTES } from "./records.ts";
import {
  createTopic,
  embeddedTest,
  type LogLine,
  publish,
  testClient,
  testConsumer,
} from "./test-kafka.ts";
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

embeddedTest(
  "a batch that cannot be read stops its partition alone, and is jumped over on demand",
  async () => {
    await using broker = await startBroker();
    const client = testClient(broker.kafkaHost);
    const broken = Object.entries(BROKEN).map(([what, batch], partition) => ({
      partition,
      what,
      batch,
    }));
    const fine = broken.length;
    const topic = await createTopic(client, fine + 1);
    const partitions = broken.map(({ partition }) => partition);
    await publishToEach(client, topic, partitions, ["a"]);
    for (const { partition, batch } of broken) {
      await publishBytes(client, topic, partition, batch[2]);
    }
    await publishToEach(client, topic, partitions, ["b"]);
    let start = 0;
    await using consumer = testConsumer(client, topic, fine + 1, {
      startOffset: (_cluster, _topic, partition) => (partition === fine ? undefined : start),
    });
    const stopped = () => consumer.status().stopped;
    consumer.start();
    await waitFor(() => stopped().length === broken.length, { what: "the stops" });
    for (const { partition, what, batch } of broken) {
      const [codec, reason] = batch;
      const stop = stopped().find((one) => one.partition === partition);
      expect({ what, ...stop }).toMatchObject({ what, topic, offset: 1, code: "BATCH_UNREADABLE" });
      expect(stop?.reason).toContain(reason);
      expect(stop?.reason).toContain("it ends before offset 3");
      if (codec !== "none") expect(stop?.reason).toContain(`compressed with ${codec}`);
    }
    await publish(client, topic, fine, ["other"]);
    await waitFor(() => consumer.values(fine).length === 1, { what: "the partition that is fine" });
    expect(partitions.map(consumer.values)).toEqual(partitions.map(() => ["a"]));
    expect(consumer.status().state).toBe("joined");
    const told = client.lines.filter(({ level }) => level !== "info");
    expect(told.toSorted((a, b) => partitionOf(a) - partitionOf(b))).toMatchObject(
      partitions.map((partition) => ({
        level: "error",
        fields: { topic, partition, offset: 1, code: "BATCH_UNREADABLE" },
      })),
    );
    await consumer.restart(async () => {
      start = 3;
    });
    const goesOn = () => partitions.every((partition) => consumer.values(partition).length === 2);
    await waitFor(goesOn, { what: "what comes behind them" });
    expect(partitions.map(consumer.values)).toEqual(partitions.map(() => ["a", "b"]));
    expect(stopped()).toEqual([]);
  },
);

const partitionOf = ({ fields }: LogLine): number => Number(fields.partition);

async function publishToEach(
  client: KafkaClient,
  topic: string,
  partitions: readonly number[],
  values: string[],
): Promise<void> {
  for (const partition of partitions) await publish(client, topic, partition, values);
}

const SPOILED: Record<string, (batch: Buffer) => void> = {
  "does not match its CRC": (batch) => void batch.writeUInt8(batch.readUInt8(70) ^ 1, 70),
  "has an unknown codec": (batch) => void seal(batch.fill(5, 22, 23)),
  "has the format of old brokers": (batch) => void batch.writeInt8(1, 16),
};

embeddedTest("a stored batch that no producer can have written stops its partition", async () => {
  await using dir = tempDir();
  await using setup = await withStored(dir.path, Object.values(SPOILED));
  await using consumer = testConsumer(setup.client, setup.topic, setup.partitions);
  consumer.start();
  const stopped = () => consumer.status().stopped;
  await waitFor(() => stopped().length === setup.partitions, { what: "the stops" });
  for (const [partition, what] of Object.keys(SPOILED).entries()) {
    const stop = stopped().find((one) => one.partition === partition);
    expect({ what, ...stop }).toMatchObject({ what, offset: 0, code: "BATCH_UNREADABLE" });
  }
});

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

embeddedTest("a batch of which nothing is for us moves the offset", async () => {
  await using dir = tempDir();
  await using setup = await withStored(dir.path, Object.values(EMPTY));
  const batches: ConsumedBatch[] = [];
  await using consumer = testConsumer(setup.client, setup.topic, setup.partitions, {
    onBatch: async (batch) => void batches.push(batch),
  });
  consumer.start();
  await waitFor(() => batches.length === setup.partitions, { what: "the batches" });
  const found = batches.splice(0);
  for (const [partition, what] of Object.keys(EMPTY).entries()) {
    const batch = found.find((one) => one.partition === partition);
    const passed = { what, records: [], nextOffset: 1, highWatermark: 1 };
    expect({ what, ...batch }).toMatchObject(passed);
    await publish(setup.client, setup.topic, partition, [what]);
    await waitFor(() => batches.length > partition, { what: "the next one" });
    expect(batches.at(-1)?.records.map(({ value }) => String(value))).toEqual([what]);
  }
});

/** A broker with one stored batch of one record in each partition, changed as no producer may. */
async function withStored(folder: string, changes: ((batch: Buffer) => void)[]) {
  let topic: string;
  {
    await using broker = await startBroker({ data: folder });
    const client = testClient(broker.kafkaHost);
    topic = await createTopic(client, changes.length);
    for (const partition of changes.keys()) await publish(client, topic, partition, ["a"]);
  }
  const inOrder = [...changes];
  spoilStored(folder, (batch) => inOrder.shift()?.(batch));
  const broker = await startBroker({ data: folder });
  return {
    topic,
    partitions: changes.length,
    client: testClient(broker.kafkaHost),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

const HEADERS = 100_000;
/** Each a name of no characters and null. */
const withManyHeaders = sized(
  Buffer.concat([
    Buffer.alloc(3),
    ...[sized(Buffer.from("key")), sized(Buffer.from("x")), varint(HEADERS)],
    Buffer.alloc(HEADERS * 2, Buffer.concat([varint(0), varint(-1)])),
  ]),
);
const BOMBS: Record<string, Buffer> = {
  "becomes larger than it may": packedAs(CODECS.gzip, gzipSync(Buffer.alloc(16 * 1024 * 1024))),
  "has too many headers": wrapRecords(
    wireBatch(TWO),
    Buffer.concat([withManyHeaders, encodeWireRecord(wireRecord("y", { offsetDelta: 1 }))]),
  ),
};

embeddedTest(
  "a batch that is few bytes and becomes very many is told by its place, its digest and its first bytes",
  async () => {
    await using broker = await startBroker();
    const client = testClient(broker.kafkaHost);
    const bombs = Object.entries(BOMBS);
    const topic = await createTopic(client, bombs.length);
    for (const [partition, [, bomb]] of bombs.entries()) {
      await publish(client, topic, partition, ["a"]);
      await publishBytes(client, topic, partition, bomb);
      await publish(client, topic, partition, ["b"]);
    }
    await using consumer = testConsumer(client, topic, bombs.length);
    consumer.start();
    await waitFor(() => consumer.seen.length >= 3 * bombs.length, { what: "the records" });
    for (const [index, [what]] of bombs.entries()) {
      const [first, stands, last] = consumer.seen.filter(({ partition }) => partition === index);
      expect([String(first?.value), String(last?.value)]).toEqual(["a", "b"]);
      expect({ what, ...stands }).toMatchObject({ what, offset: 2, key: null, headers: {} });
      expect(stands?.value?.length).toBeLessThanOrEqual(256);
      expect(stands?.excess).toContain("the batch of offsets 1 to 2 is too large");
      expect(stands?.excess).toMatch(/: \d+ bytes, SHA-256 [0-9a-f]{64}$/);
    }
  },
);

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
