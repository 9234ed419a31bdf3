import { expect, test } from "bun:test";
import {
  CODECS,
  encodeWireBatch,
  packLz4,
  packSnappy,
  publishBytes,
  startBroker,
  waitFor,
  wireBatch,
  wireRecord,
} from "@order-outbox/testing";
import { MAX_UNPACKED_BYTES } from "./compression.ts";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";
import { createTopic, publish, testClient, testConsumer } from "./test-kafka.ts";
import { createTopics } from "./topics-setup.ts";

const MAX = 1_000;
const kcat = Bun.which("kcat");
if (kcat === null) console.log("kcat is not installed: its tests are left out");
const packed = Object.entries(CODECS).filter(([name]) => name !== "none");

for (const [codec, number] of packed) {
  test.concurrent(`records that were compressed with ${codec} are read`, async () => {
    await using broker = await startBroker();
    const client = testClient(broker.kafkaHost);
    const topic = await createTopic(client, 1);
    const records = ["a", "b"].map((text) => wireRecord(text));
    await publishBytes(client, topic, 0, encodeWireBatch(wireBatch(records, { codec: number })));
    await publish(client, topic, 0, ["c"]);
    await using consumer = testConsumer(client, topic, 1);
    consumer.start();
    await waitFor(() => consumer.seen.length >= 3, { what: "the records" });
    expect(consumer.values()).toEqual(["a", "b", "c"]);
  });

  test.concurrent.skipIf(kcat === null)(
    `what librdkafka compresses with ${codec} is read`,
    async () => {
      await using broker = await startBroker();
      const client = testClient(broker.kafkaHost);
      const topic = await createTopic(client, 1);
      const lines = Array.from({ length: 3_000 }, (_, n) => `{"orderId":"${n % 7}","n":${n}}`);
      const child = Bun.spawn(
        [kcat ?? "", "-P", "-b", broker.kafkaHost, "-t", topic, "-p", "0", "-z", codec],
        { stdin: new Blob([lines.join("\n")]), stderr: "pipe" },
      );
      expect(await child.exited).toBe(0);
      await using consumer = testConsumer(client, topic, 1);
      consumer.start();
      await waitFor(() => consumer.seen.length >= lines.length, { what: "the records" });
      expect(consumer.values()).toEqual(lines);
    },
  );

  test.concurrent.skipIf(!process.env.KAFKA_HOST)(
    `what a broker compresses with ${codec}, as its topic's compression.type says, is read`,
    async () => {
      const client = testClient(process.env.KAFKA_HOST ?? "");
      const topic = `compressed-${codec}-${crypto.randomUUID()}`;
      await createTopics(client, [
        { topic, partitions: 1, configs: { "compression.type": codec } },
      ]);
      const values = Array.from({ length: 500 }, (_, n) => `${n} `.repeat(40));
      // A cluster takes a moment until every broker knows a new topic.
      await waitFor(() => publish(client, topic, 0, values).then(() => true), {
        what: "the topic",
      });
      await using consumer = testConsumer(client, topic, 1);
      consumer.start();
      await waitFor(() => consumer.seen.length >= values.length, { what: "the records" });
      expect(consumer.values()).toEqual(values);
    },
  );
}

/** "abcabcabcabc!" by a literal and a copy that runs into itself, as the formats' pages describe. */
const REPEATED = "abcabcabcabc!";
const snappyCopy = Buffer.from([
  13,
  (3 - 1) << 2,
  ...Buffer.from("abc"),
  ((9 - 4) << 2) | 1,
  3,
  0,
  0x21,
]);
const lz4Block = Buffer.from([0x35, ...Buffer.from("abc"), 3, 0, 0x10, 0x21]);
const lz4Frame = (blocks: Buffer[], flags = 0x60, tail = Buffer.alloc(0)) =>
  Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0]),
    ...blocks.flatMap((block) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(block.length);
      return [size, block, ...(flags & 16 ? [Buffer.alloc(4)] : [])];
    }),
    Buffer.alloc(4),
    tail,
  ]);

test("Snappy is read raw and in the frames of Java's clients", () => {
  expect(String(unpackSnappy(snappyCopy, MAX))).toBe(REPEATED);
  const header = Buffer.from("82534e4150505900" + "00000001" + "00000001", "hex");
  const framed = [snappyCopy, packSnappy(Buffer.from("end"))].flatMap((block) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    return [size, block];
  });
  expect(String(unpackSnappy(Buffer.concat([header, ...framed]), MAX))).toBe(`${REPEATED}end`);
  expect(unpackSnappy(packSnappy(Buffer.alloc(0)), MAX)).toHaveLength(0);
});

test("LZ4 frames are read with and without checksums, one after the other", () => {
  expect(String(unpackLz4(lz4Frame([lz4Block, lz4Block]), MAX))).toBe(REPEATED + REPEATED);
  expect(String(unpackLz4(lz4Frame([lz4Block], 0x74, Buffer.alloc(4)), MAX))).toBe(REPEATED);
  const two = Buffer.concat([packLz4(Buffer.from("one")), packLz4(Buffer.from("two"))]);
  expect(String(unpackLz4(two, MAX))).toBe("onetwo");
});

for (const [name, unpack, sample] of [
  ["Snappy", unpackSnappy, snappyCopy],
  ["LZ4", unpackLz4, lz4Frame([lz4Block])],
] as const) {
  test(`${name} that was cut or spoiled is refused or becomes something, and nothing else happens`, () => {
    for (let end = 0; end < sample.length; end++) {
      expect(() => unpack(sample.subarray(0, end), MAX)).toThrow();
    }
    for (let at = 0; at < sample.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const spoiled = Buffer.from(sample);
        spoiled[at] = byte;
        try {
          expect(unpack(spoiled, MAX).length).toBeLessThanOrEqual(MAX);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }
    }
  });
}

test("no codec makes more of its bytes than it may", () => {
  const size = 10_000;
  const snappyBomb = Buffer.concat([packSnappy(Buffer.alloc(size)), snappyCopy.subarray(5, 7)]);
  expect(() => unpackSnappy(snappyBomb, MAX)).toThrow(`larger than ${MAX} bytes`);
  expect(() =>
    unpackLz4(
      lz4Frame([
        Buffer.concat([Buffer.from([0x1f, 0x61, 1, 0]), Buffer.alloc(40, 255), Buffer.from([0])]),
      ]),
      MAX,
    ),
  ).toThrow(`larger than ${MAX} bytes`);
  expect(MAX_UNPACKED_BYTES).toBeGreaterThan(1024 * 1024);
});
