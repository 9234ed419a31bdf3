import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { BATCH_HEADER_BYTES, readBatchHeader } from "./record-batch.ts";

const NONE = 0;
const GZIP = 1;
const ZSTD = 4;
/** A batch that unpacks to more is not looked into. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/**
 * The first record of `batch`, not below `logStart`, with this timestamp or a later one. A batch
 * that cannot be looked into (snappy, lz4, damaged) answers for itself as a whole: its first offset
 * and its latest time, so that nothing is skipped.
 */
export function findRecordByTimestamp(
  batch: Uint8Array,
  timestamp: number,
  logStart: number,
): { offset: number; timestamp: number } {
  const { baseOffset, baseTimestamp, maxTimestamp, codec, recordCount } = readBatchHeader(batch);
  const whole = { offset: Math.max(baseOffset, logStart), timestamp: maxTimestamp };
  try {
    const records = unpack(batch.subarray(BATCH_HEADER_BYTES), codec);
    if (records === undefined) return whole;
    const reader = { bytes: records, at: 0 };
    for (let index = 0; index < recordCount; index++) {
      const end = readVarint(reader) + reader.at;
      reader.at += 1;
      const record = {
        timestamp: baseTimestamp + readVarint(reader),
        offset: baseOffset + readVarint(reader),
      };
      if (record.timestamp >= timestamp && record.offset >= logStart) return record;
      reader.at = end;
    }
    return whole;
  } catch {
    return whole;
  }
}

function unpack(records: Uint8Array, codec: number): Uint8Array | undefined {
  if (codec === NONE) return records;
  if (codec === GZIP) return gunzipSync(records, { maxOutputLength: MAX_UNPACKED_BYTES });
  if (codec === ZSTD) return zstdDecompressSync(records, { maxOutputLength: MAX_UNPACKED_BYTES });
  return undefined;
}

/** A zigzag varint, in numbers because timestamps need more than 32 bits. */
function readVarint(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) throw new RangeError("the records end within a number");
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
