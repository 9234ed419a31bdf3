import { createHash } from "node:crypto";
import type { EachBatchPayload } from "kafkajs";

/** A record as it was read from a topic. Offsets are safe integers. */
export interface ConsumedRecord {
  topic: string;
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, HeaderBytes | HeaderBytes[] | undefined>;
  /** Milliseconds since the epoch, as the record carries it. */
  timestamp: number;
  /**
   * Why the record, or the batch that ends with it, is too large to be taken over, with its size and
   * its digest. It has no key and no headers then, and its value is its first bytes.
   */
  excess?: string;
}

/** Null is a legal value of a header, and counts as none. */
type HeaderBytes = Buffer | string | null;

/** Records of one partition in offset order; there may be none, when none of them is for us. */
export interface ConsumedBatch {
  topic: string;
  partition: number;
  records: ConsumedRecord[];
  /** Where reading continues after this batch, which may be beyond its last record. */
  nextOffset: number;
  /** The partition's end when this batch was read: before it, no transaction is open. */
  highWatermark: number;
}

/** The size of a record beyond which it is not taken over: its key, its value and its headers. */
export const MAX_RECORD_BYTES = 128 * 1024;
const FIRST_BYTES = 256;

type KafkaJsBatch = EachBatchPayload["batch"];
type KafkaJsMessage = KafkaJsBatch["messages"][number];

/** What the patched kafkajs knows beyond its types. */
interface PatchedBatch extends KafkaJsBatch {
  lastStableOffset?: string;
}
interface PatchedMessage {
  batchContext?: { isCompressed: boolean };
  /** Of a message that stands for a batch, which would have become too large. */
  excess?: Excess & { firstOffset: string };
}

interface Excess {
  reason: string;
  /** As it came, compressed or not. */
  bytes: number;
  sha256: string;
  firstBytes: Buffer;
}

/** A batch as kafkajs hands it over, with what is too large left out. */
export function toConsumedBatch(batch: KafkaJsBatch): ConsumedBatch {
  const { topic, partition } = batch;
  const { lastStableOffset = "-1" } = batch as PatchedBatch;
  const stable = Number(lastStableOffset);
  return {
    topic,
    partition,
    records: batch.messages.map((message) => ({
      topic,
      partition,
      offset: Number(message.offset),
      timestamp: Number(message.timestamp),
      ...contentOf(message),
    })),
    nextOffset: Number(batch.lastOffset()) + 1,
    highWatermark: stable < 0 ? Number(batch.highWatermark) : stable,
  };
}

type Content = Pick<ConsumedRecord, "key" | "value" | "headers" | "excess">;

function contentOf(message: KafkaJsMessage): Content {
  const { batchContext, excess } = message as PatchedMessage;
  if (excess !== undefined) {
    const { firstOffset, reason } = excess;
    const what = `the batch of offsets ${firstOffset} to ${message.offset} is too large, ${reason}`;
    return standIn(what, excess);
  }
  const { key, value, headers = {} } = message;
  const bytes = sizeOf(message);
  if (bytes > MAX_RECORD_BYTES) {
    const content = value ?? Buffer.alloc(0);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const firstBytes = Buffer.from(content.subarray(0, FIRST_BYTES));
    const reason = `the record is larger than ${MAX_RECORD_BYTES} bytes`;
    return standIn(reason, { reason, bytes, sha256, firstBytes });
  }
  // A record may wait for long, and would keep all that was unpacked with it.
  return batchContext?.isCompressed === true
    ? copyOf({ key, value, headers })
    : { key, value, headers };
}

const standIn = (what: string, { bytes, sha256, firstBytes }: Excess): Content => ({
  key: null,
  value: firstBytes,
  headers: {},
  excess: `${what}: ${bytes} bytes, SHA-256 ${sha256}`,
});

function sizeOf({ key, value, headers = {} }: KafkaJsMessage): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name];
    size += name.length;
    if (Array.isArray(header)) for (const one of header) size += one?.length ?? 0;
    else size += header?.length ?? 0;
  }
  return size;
}

function copyOf({ key, value, headers }: Content): Content {
  const copy = <T>(bytes: T): T | Buffer => (Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes);
  const copies = Object.entries(headers).map(([name, header]) => [
    name,
    Array.isArray(header) ? header.map(copy) : copy(header),
  ]);
  return { key: copy(key), value: copy(value), headers: Object.fromEntries(copies) };
}
