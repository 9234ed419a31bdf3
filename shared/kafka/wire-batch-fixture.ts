import { gzipSync } from "node:zlib";

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

/** Where a batch's records begin. */
export const HEADER_SIZE = 61;

/** Slow and plain, by the specification alone: what a decoder is held to. */
export function encodeWireBatch(batch: WireBatch): Buffer {
  const records = Buffer.concat(batch.records.map(encodeWireRecord));
  return wrapRecords(batch, records);
}

/** A batch around bytes that may be no records at all. */
export function wrapRecords(batch: WireBatch, records: Buffer): Buffer {
  const body = batch.attributes & ATTRIBUTES.gzip ? gzipSync(records) : records;
  const head = Buffer.alloc(HEADER_SIZE);
  head.writeBigInt64BE(batch.firstOffset, 0);
  head.writeInt32BE(HEADER_SIZE - 12 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(batch.attributes, 21);
  head.writeInt32BE(batch.records.length - 1, 23);
  head.writeBigInt64BE(batch.firstTimestamp, 27);
  head.writeBigInt64BE(batch.maxTimestamp, 35);
  head.writeBigInt64BE(batch.producerId, 43);
  head.writeInt32BE(batch.records.length, 57);
  return Buffer.concat([head, body]);
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
