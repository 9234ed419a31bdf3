import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { makeBatch, seal } from "../test-batch.ts";
import { findRecordByTimestamp } from "./find-record.ts";

function compressed(codec: number, compress: (bytes: Uint8Array) => Uint8Array): Buffer {
  const plain = makeBatch({ records: 5, timestamp: 1_000 });
  const batch = Buffer.concat([plain.subarray(0, 61), compress(plain.subarray(61))]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(codec, 21);
  return seal(batch);
}

test.each([
  ["plain", makeBatch({ records: 5, timestamp: 1_000 })],
  ["gzip", compressed(1, gzipSync)],
  ["zstd", compressed(4, zstdCompressSync)],
])("the first record from a time on is found in a %s batch", (_, batch) => {
  expect(findRecordByTimestamp(batch, 1_003, 0)).toEqual({ offset: 3, timestamp: 1_003 });
  expect(findRecordByTimestamp(batch, 5, 0)).toEqual({ offset: 0, timestamp: 1_000 });
  expect(findRecordByTimestamp(batch, 5, 2)).toEqual({ offset: 2, timestamp: 1_002 });
});

test("a batch that cannot be looked into answers with its first offset", () => {
  const snappy = compressed(2, (bytes) => bytes);
  expect(findRecordByTimestamp(snappy, 1_003, 0)).toEqual({ offset: 0, timestamp: 1_004 });
  const damaged = compressed(1, () => Buffer.from("no gzip"));
  expect(findRecordByTimestamp(damaged, 1_003, 0)).toEqual({ offset: 0, timestamp: 1_004 });
});
