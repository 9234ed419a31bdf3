import { expect, test } from "bun:test";
import { createRequire } from "node:module";
import { crc32c } from "@order-outbox/crc32c";
import fc from "fast-check";
import { type OutboundRecord, RecordBatch } from "./mod.ts";
import { encode } from "./test-kafka.ts";
import { anyCharacter } from "./test-text.ts";

interface KafkaJsEncoder {
  buffer: Buffer;
}
const kafkaJs = createRequire(import.meta.resolve("kafkajs"));
const encodeRecord: (record: object) => KafkaJsEncoder = kafkaJs(
  "./src/protocol/recordBatch/record/v0/index.js",
);
const { RecordBatch: encodeBatch }: { RecordBatch(batch: object): Promise<KafkaJsEncoder> } =
  kafkaJs("./src/protocol/recordBatch/v0/index.js");

const STAMP = { producerId: 4_611_686_018_427_387_905n, producerEpoch: 3, firstSequence: 70_000 };

/** What kafkajs itself sends. */
async function encodedByKafkaJs(records: readonly OutboundRecord[]): Promise<Buffer> {
  const times = records.map(({ timestamp }) => timestamp);
  const firstTimestamp = times[0] ?? 0;
  const batch = await encodeBatch({
    ...STAMP,
    producerId: String(STAMP.producerId),
    firstTimestamp,
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: records.length - 1,
    records: records.map((record, index) =>
      encodeRecord({
        ...record,
        offsetDelta: index,
        timestampDelta: record.timestamp - firstTimestamp,
      }),
    ),
  });
  return batch.buffer;
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: anyCharacter }),
  fc.string({
    unit: fc.constantFrom("ä", "\u0000", "\u007f", "\u0080", "ÿ", "注", "🙂", "\ud800", "a"),
  }),
);
const value = fc.oneof(
  { weight: 20, arbitrary: text },
  { weight: 1, arbitrary: fc.nat(40_000).map((length) => "é".repeat(length)) },
  { weight: 1, arbitrary: fc.nat(40_000).map((length) => "x".repeat(length)) },
);
const record: fc.Arbitrary<OutboundRecord> = fc.record({
  key: text,
  value,
  headers: fc.dictionary(text, text, { maxKeys: 70 }),
  timestamp: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
});

test("a batch is, byte for byte, what kafkajs makes of the same records", async () => {
  const sameBytes = fc.asyncProperty(
    fc.array(record, { minLength: 1, maxLength: 8 }),
    async (records) => {
      expect(
        encode(records)
          .stamped(STAMP)
          .equals(await encodedByKafkaJs(records)),
      ).toBe(true);
    },
  );
  await fc.assert(sameBytes, { numRuns: process.env.PROOF === "full" ? 5_000 : 100 });
});

const plain = (size: number): OutboundRecord => ({
  key: "k",
  value: "v".repeat(size),
  headers: { h: "1" },
  timestamp: 1_700_000_000_000,
});

test("a record's length is right at every border of its own size", async () => {
  const around = (size: number) => Array.from({ length: 20 }, (_, n) => plain(size - 20 + n));
  for (const one of [...around(64), ...around(8_192), plain(1_040_000), plain(1_100_000)]) {
    expect(
      encode([one])
        .stamped(STAMP)
        .equals(await encodedByKafkaJs([one])),
    ).toBe(true);
  }
});

test("a record that does not fit leaves the batch as it was", () => {
  const [small, large] = [plain(10), plain(5_000)];
  const batch = new RecordBatch();
  expect(batch.append(large, 1_000)).toBe(false);
  expect(batch.count).toBe(0);
  expect(batch.append(small, 1_000)).toBe(true);
  const { size } = batch;
  expect(batch.append(large, 1_000)).toBe(false);
  expect(batch.append(small, size)).toBe(false);
  expect([batch.count, batch.size]).toEqual([1, size]);
  expect(batch.stamped(STAMP)).toEqual(encode([small]).stamped(STAMP));
});

test("a batch that is sent again is the same to its last byte; another stamp changes the stamp only", () => {
  const batch = encode([plain(10), plain(20)]);
  const first = Buffer.from(batch.stamped(STAMP));
  const other = Buffer.from(batch.stamped({ producerId: 1n, producerEpoch: 0, firstSequence: 0 }));
  expect(Buffer.from(batch.stamped(STAMP))).toEqual(first);
  expect(other.subarray(57)).toEqual(first.subarray(57));
  expect(other.equals(first)).toBe(false);
});

test("the checksum has the published values", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array())).toBe(0);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
});
