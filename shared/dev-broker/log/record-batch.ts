import { crc32c } from "@order-outbox/crc32c";
import { KafkaError } from "../wire/error-codes.ts";

/** Where the fields of a record batch of magic 2 are (https://kafka.apache.org/documentation/#recordbatch). */
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
  baseSequence: 53,
  recordCount: 57,
} as const;

/** Bytes of a batch before its records. */
export const BATCH_HEADER_BYTES = 61;
/** Bytes that `batchLength` does not count. */
const LENGTH_OVERHEAD = 12;
const CODEC_BITS = 0x07;
const CONTROL_BIT = 0x20;
const ZSTD = 4;
const LAST_KNOWN_CODEC = ZSTD;
/** Produce takes zstd from this version on (KIP-110). */
const FIRST_ZSTD_PRODUCE = 7;

/** What the broker needs to know of a batch; the records themselves stay opaque. */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly size: number;
  readonly codec: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** -1 for a producer without idempotence. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Reads a header that was checked before, such as one from the store. */
export function readBatchHeader(batch: Uint8Array): BatchHeader {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const int64 = (at: number) => Number(view.getBigInt64(at));
  return {
    baseOffset: int64(AT.baseOffset),
    size: batch.byteLength,
    codec: view.getInt16(AT.attributes) & CODEC_BITS,
    baseTimestamp: int64(AT.baseTimestamp),
    maxTimestamp: int64(AT.maxTimestamp),
    producerId: int64(AT.producerId),
    producerEpoch: view.getInt16(AT.producerEpoch),
    baseSequence: view.getInt32(AT.baseSequence),
    recordCount: view.getInt32(AT.recordCount),
  };
}

/**
 * Checks what a producer sent for one partition, in the order of Kafka's own broker, and answers
 * its header. Throws {@link KafkaError}. The leader epoch is not looked at: clients differ in it.
 */
export function checkProducedBatch(
  batch: Uint8Array,
  maxMessageBytes: number,
  produceVersion: number,
): BatchHeader {
  if (batch.length < BATCH_HEADER_BYTES) {
    throw new KafkaError("INVALID_RECORD", "The records are not a whole batch.");
  }
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  if (view.getInt8(AT.magic) !== 2) {
    throw new KafkaError("INVALID_RECORD", "Only record batches of magic 2 are taken.");
  }
  if (view.getInt32(AT.batchLength) + LENGTH_OVERHEAD !== batch.length) {
    throw new KafkaError("INVALID_RECORD", "A partition takes exactly one batch per request.");
  }
  if (batch.length > maxMessageBytes) {
    throw new KafkaError(
      "MESSAGE_TOO_LARGE",
      `The batch has ${batch.length} bytes, max.message.bytes is ${maxMessageBytes}.`,
    );
  }
  if (view.getUint32(AT.crc) !== crc32c(batch.subarray(AT.attributes))) {
    throw new KafkaError("CORRUPT_MESSAGE", "The batch does not match its CRC-32C.");
  }
  const header = readBatchHeader(batch);
  const lastOffsetDelta = view.getInt32(AT.lastOffsetDelta);
  if (header.recordCount <= 0 || lastOffsetDelta + 1 !== header.recordCount) {
    throw new KafkaError("INVALID_RECORD", "The record count does not fit the offsets.");
  }
  if (header.baseOffset !== 0) {
    throw new KafkaError("INVALID_RECORD", "The base offset of a produced batch must be 0.");
  }
  if ((view.getInt16(AT.attributes) & CONTROL_BIT) !== 0) {
    throw new KafkaError("INVALID_RECORD", "Clients may not write control batches.");
  }
  if (header.producerId >= 0 && (header.producerEpoch < 0 || header.baseSequence < 0)) {
    throw new KafkaError("INVALID_RECORD", "An idempotent batch needs an epoch and a sequence.");
  }
  if (
    header.codec > LAST_KNOWN_CODEC ||
    (header.codec === ZSTD && produceVersion < FIRST_ZSTD_PRODUCE)
  ) {
    throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE");
  }
  return header;
}

/** Writes the offset that the broker gave a batch into it; the CRC does not cover this part. */
export function placeBatch(batch: Uint8Array, baseOffset: number): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  view.setBigInt64(AT.baseOffset, BigInt(baseOffset));
  view.setInt32(AT.leaderEpoch, 0);
}
