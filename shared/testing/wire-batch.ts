import { gzipSync, zstdCompressSync } from "node:zlib";
import { crc32c } from "@order-outbox/kafka";

/** A record as the wire has it; a header's name may come more than once. */
export interface WireRecord {
  attributes: number;
  timestampDelta: bigint;
  offsetDelta: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: [name: string, value: Buffer | null][];
}

/** A RecordBatch v2 (KIP-98), as far as a reader can tell it apart. */
export interface WireBatch {
  firstOffset: bigint;
  firstTimestamp: bigint;
  maxTimestamp: bigint;
  producerId: bigint;
  /** Bits of {@link ATTRIBUTES}. */
  attributes: number;
  records: WireRecord[];
}

export const ATTRIBUTES = { gzip: 1, logAppendTime: 8, transactional: 16, control: 32 } as const;
export const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
const CODEC_BITS = 7;

/** Where a batch's records begin. */
export const HEADER_SIZE = 61;

/** Slow and plain, by the specification alone: what a decoder is held to. */
export function encodeWireBatch(batch: WireBatch): Buffer {
  const records = Buffer.concat(batch.records.map(encodeWireRecord));
  return wrapRecords(batch, records);
}

/** A batch around bytes that may be no records at all. */
export const wrapRecords = (batch: WireBatch, records: Buffer): Buffer =>
  wrapPacked(batch, (PACK[batch.attributes & CODEC_BITS] ?? ((bytes: Buffer) => bytes))(records));

/** A batch around bytes that may not be what its codec packs. */
export function wrapPacked(batch: WireBatch, body: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_SIZE);
  head.writeBigInt64BE(batch.firstOffset, 0);
  head.writeInt32BE(HEADER_SIZE - 12 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(batch.attributes, 21);
  const deltas = batch.records.map(({ offsetDelta }) => offsetDelta);
  head.writeInt32BE(Math.max(0, deltas.length - 1, deltas.at(-1) ?? 0), 23);
  head.writeBigInt64BE(batch.firstTimestamp, 27);
  head.writeBigInt64BE(batch.maxTimestamp, 35);
  head.writeBigInt64BE(batch.producerId, 43);
  head.writeInt32BE(batch.records.length, 57);
  return seal(Buffer.concat([head, body]));
}

/** Puts the checksum over everything after it. */
export function seal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

const PACK: Record<number, (records: Buffer) => Buffer> = {
  [CODECS.gzip]: (records) => gzipSync(records),
  [CODECS.snappy]: packSnappy,
  [CODECS.lz4]: packLz4,
  [CODECS.zstd]: (records) => zstdCompressSync(records),
};

/** The least that is Snappy: a length, and one literal. */
export function packSnappy(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) + 0x80);
  const size = Buffer.from([...length, rest]);
  if (bytes.length === 0) return size;
  const literal = Buffer.alloc(5, 63 << 2);
  literal.writeUInt32LE(bytes.length - 1, 1);
  return Buffer.concat([size, literal, bytes]);
}

/** The least that is LZ4: a frame of one stored block. */
export function packLz4(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length + 2 ** 31);
  const blocks = bytes.length > 0 ? [size, bytes] : [];
  return Buffer.concat([Buffer.from("04224d18604082", "hex"), ...blocks, Buffer.alloc(4)]);
}

export function encodeWireRecord(record: WireRecord): Buffer {
  const body = Buffer.concat([
    Buffer.from([record.attributes & 0xff]),
    varint(record.timestampDelta),
    varint(record.offsetDelta),
    sized(record.key),
    sized(record.value),
    varint(record.headers.length),
    ...record.headers.flatMap(([name, value]) => [sized(Buffer.from(name)), sized(value)]),
  ]);
  return sized(body);
}

/** Zigzag, seven bits a byte, padded to at least `size` bytes. */
export function varint(value: bigint | number, size = 1): Buffer {
  const signed = BigInt(value);
  let rest = BigInt.asUintN(64, (signed << 1n) ^ (signed >> 63n));
  const bytes: number[] = [];
  while (rest > 0x7fn || bytes.length < size - 1) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

export const sized = (bytes: Buffer | null): Buffer =>
  bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
