import { crc32c } from "@order-outbox/crc32c";

/** A record to publish, already bound to a partition. */
export interface OutboundRecord {
  key: string;
  value: string;
  headers: Record<string, string>;
  /** Milliseconds since the epoch: the time of publishing. */
  timestamp: number;
}

/** Which producer sends a batch, and which of its records for this partition come first in it. */
export interface ProducerStamp {
  producerId: bigint;
  producerEpoch: number;
  firstSequence: number;
}

/** Where the fields of a RecordBatch v2 are (KIP-98). */
const AT = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  firstSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Most records are of 64 to 8,191 bytes, a length that takes two. */
const USUAL_LENGTH_SIZE = 2;
const MAX_VARINT_SIZE = 8;

/**
 * One partition's records as a RecordBatch v2 without compression: what a Produce request carries,
 * written in one pass. It is written once and sent as often as it takes; only the stamp of its
 * producer is put in when it is sent.
 */
export class RecordBatch {
  #bytes: Buffer = Buffer.allocUnsafe(16 * 1024);
  #end: number = AT.records;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** How many records it has. */
  get count(): number {
    return this.#count;
  }

  /** Its size in bytes. */
  get size(): number {
    return this.#end;
  }

  /**
   * Adds a record.
   *
   * @param maxSize of the batch, in bytes
   * @returns false, and the batch is as it was, when it would become larger than `maxSize`
   */
  append(
    { key, value, headers, timestamp }: OutboundRecord,
    maxSize = Number.POSITIVE_INFINITY,
  ): boolean {
    const start = this.#end;
    const baseTimestamp = this.#count === 0 ? timestamp : this.#baseTimestamp;
    this.#reserve(USUAL_LENGTH_SIZE + 1 + 3 * MAX_VARINT_SIZE);
    this.#end += USUAL_LENGTH_SIZE;
    this.#bytes[this.#end++] = 0;
    this.#varint(timestamp - baseTimestamp);
    this.#varint(this.#count);
    this.#text(key);
    this.#text(value);
    const names = Object.keys(headers);
    this.#reserve(MAX_VARINT_SIZE);
    this.#varint(names.length);
    for (const name of names) {
      this.#text(name);
      this.#text(headers[name] as string);
    }
    this.#putLength(start);
    if (this.#end > maxSize) {
      this.#end = start;
      return false;
    }
    this.#baseTimestamp = baseTimestamp;
    this.#maxTimestamp = this.#count === 0 ? timestamp : Math.max(timestamp, this.#maxTimestamp);
    this.#count += 1;
    return true;
  }

  /**
   * The batch as `stamp`'s producer sends it. The same stamp gives the same bytes, so a repetition
   * is recognised by the broker; the buffer is the batch's own.
   */
  stamped({ producerId, producerEpoch, firstSequence }: ProducerStamp): Buffer {
    const bytes = this.#bytes.subarray(0, this.#end);
    bytes.fill(0, 0, AT.records);
    bytes.writeInt32BE(bytes.length - AT.leaderEpoch, AT.batchLength);
    bytes.writeInt8(2, AT.magic);
    bytes.writeInt32BE(this.#count - 1, AT.lastOffsetDelta);
    bytes.writeBigInt64BE(BigInt(this.#baseTimestamp), AT.baseTimestamp);
    bytes.writeBigInt64BE(BigInt(this.#maxTimestamp), AT.maxTimestamp);
    bytes.writeBigInt64BE(producerId, AT.producerId);
    bytes.writeInt16BE(producerEpoch, AT.producerEpoch);
    bytes.writeInt32BE(firstSequence, AT.firstSequence);
    bytes.writeInt32BE(this.#count, AT.count);
    bytes.writeUInt32BE(crc32c(bytes.subarray(AT.attributes)), AT.crc);
    return bytes;
  }

  /** Writes a text with its length in bytes in front of it. */
  #text(text: string): void {
    const { length } = text;
    this.#reserve(MAX_VARINT_SIZE + 3 * length);
    const start = this.#end;
    this.#varint(length);
    const bytes = this.#bytes;
    let end = this.#end;
    for (let at = 0; at < length; at++) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) {
        this.#end = start;
        this.#unicode(text);
        return;
      }
      bytes[end++] = unit;
    }
    this.#end = end;
  }

  #unicode(text: string): void {
    this.#varint(Buffer.byteLength(text));
    this.#end += this.#bytes.write(text, this.#end);
  }

  /** Zigzag, seven bits at a time; for safe integers of at most 52 bits. */
  #varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value;
    while (rest > 0x7f) {
      this.#bytes[this.#end++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#end++] = rest;
  }

  /** Writes the length of the record that starts at `start`, moving it where two bytes are wrong. */
  #putLength(start: number): void {
    const end = this.#end;
    const body = start + USUAL_LENGTH_SIZE;
    const size = varintSize(end - body);
    if (size !== USUAL_LENGTH_SIZE) {
      this.#reserve(MAX_VARINT_SIZE);
      this.#bytes.copyWithin(start + size, body, end);
    }
    this.#end = start;
    this.#varint(end - body);
    this.#end = end + size - USUAL_LENGTH_SIZE;
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = 2 * value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}
