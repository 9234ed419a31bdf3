import { crc32c } from "@order-outbox/crc32c";

export interface BatchOptions {
  readonly records?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly timestamp?: number;
  readonly attributes?: number;
  /** Bytes of the only value in each record. */
  readonly valueBytes?: number;
}

function zigzag(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

function encodeRecord(index: number, valueBytes: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0, ...zigzag(index), ...zigzag(index), ...zigzag(-1), ...zigzag(valueBytes)]),
    Buffer.alloc(valueBytes, 0x61),
    Buffer.from([0]),
  ]);
  return Buffer.concat([Buffer.from(zigzag(body.length)), body]);
}

/** Puts the checksum over everything after it. */
export function seal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

/** A record batch of magic 2; record n has the batch's timestamp plus n. */
export function makeBatch(options: BatchOptions = {}): Buffer {
  const { records = 1, timestamp = 1_000, valueBytes = 10 } = options;
  const body = Array.from({ length: records }, (_, index) => encodeRecord(index, valueBytes));
  const batch = Buffer.concat([Buffer.alloc(61), ...body]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(options.attributes ?? 0, 21);
  batch.writeInt32BE(records - 1, 23);
  batch.writeBigInt64BE(BigInt(timestamp), 27);
  batch.writeBigInt64BE(BigInt(timestamp + records - 1), 35);
  batch.writeBigInt64BE(BigInt(options.producerId ?? -1), 43);
  batch.writeInt16BE(options.producerEpoch ?? -1, 51);
  batch.writeInt32BE(options.baseSequence ?? -1, 53);
  batch.writeInt32BE(records, 57);
  return seal(batch);
}
