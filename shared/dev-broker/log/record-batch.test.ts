import { expect, test } from "bun:test";
import { makeBatch, seal } from "../test-batch.ts";
import { KAFKA_ERRORS, type KafkaErrorName } from "../wire/error-codes.ts";
import { checkProducedBatch, placeBatch, readBatchHeader } from "./record-batch.ts";

const LIMIT = 1_048_588;

function edited(edit: (batch: Buffer) => void): Buffer {
  const batch = makeBatch({ records: 3 });
  edit(batch);
  return seal(batch);
}

test("a sound batch is taken with what its header says", () => {
  const batch = makeBatch({ records: 3, producerId: 7, producerEpoch: 1, baseSequence: 12 });
  expect(checkProducedBatch(batch, LIMIT, 7)).toEqual({
    baseOffset: 0,
    size: batch.length,
    codec: 0,
    baseTimestamp: 1_000,
    maxTimestamp: 1_002,
    producerId: 7,
    producerEpoch: 1,
    baseSequence: 12,
    recordCount: 3,
  });
});

test("a batch keeps its checksum when it is placed at its offset", () => {
  const batch = makeBatch({ records: 3 });
  placeBatch(batch, 5_000_000_000);
  expect(readBatchHeader(batch).baseOffset).toBe(5_000_000_000);
  placeBatch(batch, 0);
  expect(checkProducedBatch(batch, LIMIT, 7).recordCount).toBe(3);
});

const refused: [string, Buffer, KafkaErrorName][] = [
  ["is no batch", Buffer.alloc(20), "INVALID_RECORD"],
  ["is empty", Buffer.alloc(0), "INVALID_RECORD"],
  ["is of an old format", edited((b) => b.writeInt8(1, 16)), "INVALID_RECORD"],
  ["is two batches", Buffer.concat([makeBatch(), makeBatch()]), "INVALID_RECORD"],
  ["is cut off", makeBatch().subarray(0, -1), "INVALID_RECORD"],
  ["counts no records", edited((b) => b.writeInt32BE(0, 57)), "INVALID_RECORD"],
  ["counts others than its offsets", edited((b) => b.writeInt32BE(4, 57)), "INVALID_RECORD"],
  ["is already placed", edited((b) => b.writeBigInt64BE(9n, 0)), "INVALID_RECORD"],
  ["is a control batch", makeBatch({ attributes: 0x20 }), "INVALID_RECORD"],
  ["has a producer id without sequence", makeBatch({ producerId: 3 }), "INVALID_RECORD"],
  ["has an unknown compression", makeBatch({ attributes: 5 }), "UNSUPPORTED_COMPRESSION_TYPE"],
];

test.each(refused)("a batch that %s is refused", (_, batch, error) => {
  const check = () => checkProducedBatch(batch, LIMIT, 8);
  expect(check).toThrow(expect.objectContaining({ code: KAFKA_ERRORS[error] }));
});

test("one flipped bit anywhere after the checksum is found", () => {
  const batch = makeBatch({ records: 2 });
  for (let at = 21; at < batch.length; at++) {
    const damaged = Buffer.from(batch);
    damaged[at] = (damaged[at] as number) ^ 0x10;
    expect(() => checkProducedBatch(damaged, LIMIT, 7)).toThrow("does not match its CRC-32C");
  }
});

test("the size limit takes the limit itself and not one byte more", () => {
  const batch = makeBatch({ valueBytes: 100 });
  expect(checkProducedBatch(batch, batch.length, 7).size).toBe(batch.length);
  expect(() => checkProducedBatch(batch, batch.length - 1, 7)).toThrow("max.message.bytes");
});

test("zstd needs a producer that knows it", () => {
  const batch = makeBatch({ attributes: 4 });
  expect(checkProducedBatch(batch, LIMIT, 7).codec).toBe(4);
  expect(() => checkProducedBatch(batch, LIMIT, 6)).toThrow("UNSUPPORTED_COMPRESSION_TYPE");
});
