import { expect, test } from "bun:test";
import { createRequire } from "node:module";
import {
  ATTRIBUTES,
  encodeWireBatch,
  encodeWireRecord,
  HEADER_SIZE,
  seal,
  sized,
  varint,
  type WireBatch,
  type WireRecord,
  wrapRecords,
} from "@order-outbox/testing";
import fc from "fast-check";
import { encode } from "./test-kafka.ts";
import { anyCharacter } from "./test-text.ts";

interface Message {
  magicByte: number;
  attributes: number;
  timestamp: string;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | null | (Buffer | null)[]>;
  isControlRecord: boolean;
  batchContext: { firstOffset: string; producerId: string; inTransaction: boolean };
}
interface Fetched {
  messages: Message[];
  lastOffset(): string;
}

const kafkaJs = createRequire(import.meta.resolve("kafkajs"));
const Decoder: new (bytes: Buffer) => object = kafkaJs("./src/protocol/decoder.js");
interface Messages extends Array<Message> {
  nextOffset?: bigint;
  unreadable?: { offset: string; nextOffset: string; codec: string; reason: string };
}
const decodeMessages: (decoder: object) => Promise<Messages> = kafkaJs(
  "./src/protocol/requests/fetch/v4/decodeMessages.js",
);
const KafkaJsBatch: new (topic: string, fetchedOffset: string, data: object) => Fetched =
  kafkaJs("./src/consumer/batch.js");

/** A partition's records, as the answer to a fetch has them. */
function join(batches: Buffer[]): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(batches.reduce((sum, { length }) => sum + length, 0));
  return Buffer.concat([size, ...batches]);
}

async function decode(...batches: Buffer[]): Promise<Messages> {
  const messages = await decodeMessages(new Decoder(join(batches)));
  if (messages.unreadable !== undefined) throw new Error(messages.unreadable.reason);
  return messages;
}

/** What has to come of a batch, by arithmetic that knows no limits. */
function expected(batch: WireBatch) {
  return batch.records.map((record) => ({
    magicByte: 2,
    attributes: record.attributes,
    timestamp: String(
      batch.attributes & ATTRIBUTES.logAppendTime
        ? batch.maxTimestamp
        : batch.firstTimestamp + record.timestampDelta,
    ),
    offset: String(batch.firstOffset + BigInt(record.offsetDelta)),
    key: record.key,
    value: record.value,
    headers: gather(record.headers),
    isControlRecord: (batch.attributes & ATTRIBUTES.control) > 0,
    firstOffset: String(batch.firstOffset),
    producerId: String(batch.producerId),
    inTransaction: (batch.attributes & ATTRIBUTES.transactional) > 0,
  }));
}

function gather(headers: WireRecord["headers"]) {
  const values = Map.groupBy(headers, ([name]) => name);
  const gathered = [...values].map(([name, all]) => {
    const [first = null, ...others] = all.map(([, value]) => value);
    return [name, others.length === 0 ? first : [first, ...others]] as const;
  });
  return Object.entries(Object.fromEntries(gathered));
}

/** Headers as entries, because matchers take a field named `__proto__` for the prototype. */
function plain({ batchContext, headers, ...message }: Message) {
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  const { firstOffset, producerId, inTransaction } = batchContext;
  return {
    ...message,
    headers: Object.entries(headers),
    firstOffset,
    producerId,
    inTransaction,
  };
}

const record = (fields: Partial<WireRecord> = {}): WireRecord => ({
  attributes: 0,
  timestampDelta: 0n,
  offsetDelta: 0,
  key: Buffer.from("key"),
  value: Buffer.from("value"),
  headers: [["name", Buffer.from("text")]],
  ...fields,
});

const batch = (fields: Partial<WireBatch> = {}): WireBatch => ({
  firstOffset: 10n,
  firstTimestamp: 1_700_000_000_000n,
  maxTimestamp: 1_700_000_000_500n,
  producerId: 7n,
  attributes: 0,
  records: [record(), record({ offsetDelta: 1, timestampDelta: 500n })],
  ...fields,
});

/** A record up to its key, and a key or value that is null. */
const head = Buffer.concat([Buffer.from([0]), varint(0), varint(0)]);
const none = varint(-1);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const around = (center: bigint) => fc.integer({ min: -9, max: 9 }).map((n) => center + BigInt(n));
const bytes = fc
  .oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 90 }) },
    { weight: 1, arbitrary: fc.nat(20_000).map((length) => new Uint8Array(length).fill(length)) },
  )
  .map((array) => Buffer.from(array));
const bytesOrNull = fc.option(bytes, { freq: 8 });
const headerName = fc.oneof(
  fc.constantFrom("ce_id", "ce_type", "", "0", "7", "__proto__", "constructor", "toString"),
  fc.string({ unit: anyCharacter, maxLength: 20 }),
  fc.nat(200).map((length) => "ü".repeat(length)),
);
const wireRecord: fc.Arbitrary<WireRecord> = fc.record({
  attributes: fc.integer({ min: -128, max: 127 }),
  timestampDelta: fc.oneof(fc.integer({ min: -500, max: 500 }).map(BigInt), int64),
  offsetDelta: fc.nat(1_000),
  key: bytesOrNull,
  value: bytesOrNull,
  headers: fc.array(fc.tuple(headerName, bytesOrNull), { maxLength: 12 }),
});
const wireBatch: fc.Arbitrary<WireBatch> = fc.record({
  firstOffset: fc.oneof(fc.nat().map(BigInt), around(2n ** 53n), around(2n ** 62n)),
  firstTimestamp: fc.oneof(fc.nat().map(BigInt), around(-1n), around(2n ** 53n), int64),
  maxTimestamp: int64,
  producerId: int64,
  attributes: fc
    .subarray([ATTRIBUTES.gzip, ATTRIBUTES.logAppendTime, ATTRIBUTES.transactional])
    .map((bits) => bits.reduce((all, bit) => all | bit, 0)),
  records: fc.array(wireRecord, { maxLength: 6 }).map(ascending),
});

/** Compaction leaves gaps between offsets, and none of them is there twice. */
function ascending(records: WireRecord[]): WireRecord[] {
  let next = 0;
  return records.map((one) => {
    const offsetDelta = next + one.offsetDelta;
    next = offsetDelta + 1;
    return { ...one, offsetDelta };
  });
}

const numRuns = process.env.PROOF === "full" ? 5_000 : 100;

test("records are read as they were written", async () => {
  const readAsWritten = fc.asyncProperty(
    fc.array(wireBatch, { minLength: 1, maxLength: 4 }),
    async (batches) => {
      const messages = await decode(...batches.map(encodeWireBatch));
      expect(messages.map(plain)).toEqual(batches.flatMap(expected));
    },
  );
  await fc.assert(readAsWritten, { numRuns });
});

test("what the relay encodes is read as it was", async () => {
  const text = fc.string({ unit: anyCharacter });
  const outbound = fc.record({
    key: text,
    value: text,
    headers: fc.dictionary(text, text, { maxKeys: 12 }),
    timestamp: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
  });
  const readAsEncoded = fc.asyncProperty(
    fc.array(outbound, { minLength: 1, maxLength: 8 }),
    async (records) => {
      const stamp = { producerId: 1n, producerEpoch: 0, firstSequence: 0 };
      const messages = await decode(encode(records).stamped(stamp));
      const read = messages.map(({ offset, timestamp, key, value, headers }) => ({
        offset,
        timestamp: Number(timestamp),
        key: String(key),
        value: String(value),
        headers: Object.entries(headers).map(([name, bytes]) => [name, String(bytes)]),
      }));
      expect(read).toEqual(
        records.map((one, index) => ({
          ...one,
          offset: String(index),
          headers: Object.entries(one.headers),
        })),
      );
    },
  );
  await fc.assert(readAsEncoded, { numRuns });
});

test("a batch that the fetch cut off is left out, wherever it was cut", async () => {
  const whole = encodeWireBatch(batch());
  const next = encodeWireBatch(batch({ firstOffset: 12n }));
  for (let end = 0; end < next.length; end++) {
    const messages = await decode(whole, next.subarray(0, end));
    expect(messages.map(({ offset }) => offset)).toEqual(["10", "11"]);
  }
  expect(await decode(next.subarray(0, -1))).toEqual([]);
});

test("a time that the broker has set is that of every record", async () => {
  const messages = await decode(encodeWireBatch(batch({ attributes: ATTRIBUTES.logAppendTime })));
  expect(messages.map(({ timestamp }) => timestamp)).toEqual(["1700000000500", "1700000000500"]);
});

test("a header's name is nothing but a name", async () => {
  const names = ["__proto__", "constructor", "__proto__", "toString"];
  const headers: WireRecord["headers"] = names.map((name) => [name, Buffer.from("text")]);
  const [message] = await decode(encodeWireBatch(batch({ records: [record({ headers })] })));
  expect(Object.keys(message?.headers ?? {})).toEqual(["__proto__", "constructor", "toString"]);
  expect(Object.values(message?.headers ?? {}).map(String)).toEqual(["text,text", "text", "text"]);
  expect(Object.getPrototypeOf(message?.headers)).toBe(Object.prototype);
});

test("a name is not taken for the one that was in its place before", async () => {
  const names = ["ab", "ac", "a", "bc", "ä", "ö", "ab"];
  const records = names.map((name, offsetDelta) =>
    record({ offsetDelta, headers: [[name, Buffer.from("text")]] }),
  );
  for (const attributes of [0, ATTRIBUTES.gzip]) {
    const alone = records.map((one) => encodeWireBatch(batch({ attributes, records: [one] })));
    for (const batches of [alone, [encodeWireBatch(batch({ attributes, records }))]]) {
      const messages = await decode(...batches);
      expect(messages.flatMap(({ headers }) => Object.keys(headers))).toEqual(names);
    }
  }
});

test("a varint may be padded to ten bytes, and no further", async () => {
  const padded = (size: number) =>
    sized(
      Buffer.concat([
        Buffer.from([0]),
        varint(-3, size),
        varint(1, size),
        ...[none, none, varint(0)],
      ]),
    );
  const one = batch({ records: [record({ offsetDelta: 1 })] });
  for (let size = 1; size <= 10; size++) {
    const [message] = await decode(wrapRecords(one, padded(size)));
    expect([message?.timestamp, message?.offset]).toEqual(["1699999999997", "11"]);
  }
  await expect(decode(wrapRecords(one, padded(11)))).rejects.toThrow("Invalid Long");
  const far = sized(Buffer.concat([Buffer.from([0]), varint(0), varint(2n ** 31n)]));
  await expect(decode(wrapRecords(one, far))).rejects.toThrow("Invalid VarInt");
});

test("what a record has beyond its headers is passed over", async () => {
  const longer = sized(Buffer.concat([head, none, none, varint(0), Buffer.from("later fields")]));
  const records = Buffer.concat([longer, encodeWireRecord(record({ offsetDelta: 1 }))]);
  const messages = await decode(wrapRecords(batch(), records));
  expect(messages.map(({ offset }) => offset)).toEqual(["10", "11"]);
});

test("more records than a call has room for arguments are read", async () => {
  const count = 70_000;
  const [start, end] = [Buffer.alloc(2), Buffer.concat([none, none, varint(0)])];
  const records = Array.from({ length: count }, (_, offsetDelta) =>
    sized(Buffer.concat([start, varint(offsetDelta), end])),
  );
  const last = batch({ records: [record({ offsetDelta: count - 1 })] });
  const all = wrapRecords(last, Buffer.concat(records));
  expect(await decode(counting(count, all))).toHaveLength(count);
});

const fetched = async (fetchedOffset: string, batches: WireBatch[], aborted: object[] = []) =>
  new KafkaJsBatch("topic", fetchedOffset, {
    partition: 0,
    highWatermark: "100",
    abortedTransactions: aborted,
    messages: await decode(...batches.map(encodeWireBatch)),
  });
const offsetsOf = ({ messages }: Fetched) => messages.map(({ offset }) => offset);

/** The end of a transaction: 1 commits, 0 aborts. */
const marker = (firstOffset: bigint, type: 0 | 1) =>
  batch({
    firstOffset,
    attributes: ATTRIBUTES.transactional | ATTRIBUTES.control,
    records: [record({ key: Buffer.from([0, 0, 0, type]), headers: [] })],
  });

test("what lies before the offset that was asked for is left out", async () => {
  const batches = [batch(), batch({ firstOffset: 12n, attributes: ATTRIBUTES.gzip })];
  const offsets = ["10", "11", "12", "13"];
  for (const start of [0, 9, 10, 11, 12, 13, 14]) {
    const within = offsets.filter((offset) => Number(offset) >= start);
    expect(offsetsOf(await fetched(String(start), batches))).toEqual(within);
  }
});

test("control records are left out, and the last of them is passed", async () => {
  const read = await fetched("10", [
    batch({ attributes: ATTRIBUTES.transactional }),
    marker(12n, 1),
  ]);
  expect([offsetsOf(read), read.lastOffset()]).toEqual([["10", "11"], "12"]);
});

test("records of an aborted transaction are left out, those of others are not", async () => {
  const transactional = { attributes: ATTRIBUTES.transactional };
  const read = await fetched(
    "10",
    [
      batch(transactional),
      batch({ firstOffset: 12n, producerId: 8n, ...transactional }),
      marker(14n, 0),
      batch({ firstOffset: 15n, ...transactional }),
    ],
    [{ producerId: "7", firstOffset: "10" }],
  );
  expect(offsetsOf(read)).toEqual(["12", "13", "15", "16"]);
});

test("two transactions that began before what is read, and were aborted, are both left out", async () => {
  const transactional = { attributes: ATTRIBUTES.transactional };
  const read = await fetched(
    "14",
    [
      batch({ firstOffset: 14n, producerId: 8n, ...transactional }),
      batch({ firstOffset: 16n, producerId: 9n, ...transactional }),
    ],
    [
      { producerId: "7", firstOffset: "10" },
      { producerId: "8", firstOffset: "11" },
    ],
  );
  expect(offsetsOf(read)).toEqual(["16", "17"]);
});

test("no record's key ends a transaction, only a marker does", async () => {
  const transactional = { attributes: ATTRIBUTES.transactional };
  const key = Buffer.alloc(4);
  const records = [record({ key }), record({ key, offsetDelta: 1 })];
  const read = await fetched(
    "10",
    [batch({ records, ...transactional }), marker(12n, 0)],
    [{ producerId: "7", firstOffset: "10" }],
  );
  expect([offsetsOf(read), read.lastOffset()]).toEqual([[], "12"]);
});

const LIE = "holds less than it claims";
const lies: Record<string, Buffer> = {
  "a record's length": Buffer.concat([varint(100), head, none, none, varint(0)]),
  "a record's negative length": Buffer.concat([varint(-1), head, none, none, varint(0)]),
  "a key's length": sized(Buffer.concat([head, varint(4), none, varint(0)])),
  "a key's negative length": sized(Buffer.concat([head, varint(-3), none, varint(0)])),
  "a value's length": sized(Buffer.concat([head, none, varint(2), varint(0)])),
  "the number of headers": sized(Buffer.concat([head, none, none, varint(2), varint(0), none])),
  "a negative number of headers": sized(Buffer.concat([head, none, none, varint(-2)])),
  "a header name's length": sized(Buffer.concat([head, none, none, varint(1), varint(9), none])),
  "a header value's length": sized(
    Buffer.concat([head, none, none, varint(1), varint(0), varint(1)]),
  ),
  "that it has headers": sized(Buffer.concat([head, none, none])),
  "that it has anything": sized(Buffer.alloc(0)),
};

for (const [what, records] of Object.entries(lies)) {
  test(`a record that lies about ${what} is refused`, async () => {
    const one = batch({ records: [record()] });
    const gzip = { ...one, attributes: ATTRIBUTES.gzip };
    for (const next of [encodeWireRecord(record()), Buffer.alloc(40), Buffer.alloc(40, none)]) {
      const lying = Buffer.concat([records, next]);
      await expect(decode(wrapRecords(one, lying))).rejects.toThrow(LIE);
      await expect(decode(wrapRecords(gzip, lying))).rejects.toThrow(LIE);
    }
  });
}

test("a batch that has less than its records is refused", async () => {
  const whole = batch();
  const records = Buffer.concat(whole.records.map(encodeWireRecord));
  for (let end = 0; end < records.length; end++) {
    const lying = wrapRecords(whole, records.subarray(0, end));
    await expect(decode(lying)).rejects.toThrow(`The record batch at offset 10 ${LIE}`);
  }
  for (const count of [3, 2 ** 31 - 1, -2]) {
    await expect(decode(counting(count, encodeWireBatch(whole)))).rejects.toThrow(LIE);
  }
});

test("a batch may be without records", async () => {
  for (const attributes of [0, ATTRIBUTES.gzip]) {
    const bare = encodeWireBatch(batch({ attributes })).subarray(0, HEADER_SIZE);
    bare.writeInt32BE(HEADER_SIZE - 12, 8);
    seal(bare);
    for (const count of [0, -1]) {
      expect(await decode(counting(count, bare), encodeWireBatch(batch()))).toHaveLength(2);
    }
  }
});

function counting(count: number, encoded: Buffer): Buffer {
  encoded.writeInt32BE(count, 57);
  return seal(encoded);
}

test("whatever a batch's records are, nothing beyond it is handed out", async () => {
  const spoiled = fc.asyncProperty(
    fc.array(wireRecord, { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    async (records, changes) => {
      const first = encodeWireBatch(batch({ records }));
      const size = first.length - HEADER_SIZE;
      for (const [at, byte] of changes) first[HEADER_SIZE + (at % size)] = byte;
      seal(first);
      const answer = join([first, encodeWireBatch(batch())]);
      const messages = await decodeMessages(new Decoder(answer));
      const start = answer.byteOffset + 4 + HEADER_SIZE;
      const buffers = messages
        .slice(0, records.length)
        .flatMap(({ key, value, headers }) => [key, value, ...Object.values(headers).flat()])
        .filter((buffer) => buffer !== null);
      for (const { byteOffset, length } of buffers) {
        expect(byteOffset).toBeGreaterThanOrEqual(start);
        expect(byteOffset + length).toBeLessThanOrEqual(start + size);
      }
    },
  );
  await fc.assert(spoiled, { numRuns });
});
