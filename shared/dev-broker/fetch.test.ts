import { afterAll, beforeAll, expect, test } from "bun:test";
import { uniqueName } from "@order-outbox/testing";
import { createTopics } from "./apis/create-topics.ts";
import { deleteRecords } from "./apis/delete-records.ts";
import { deleteTopics } from "./apis/delete-topics.ts";
import { fetch } from "./apis/fetch.ts";
import { listOffsets } from "./apis/list-offsets.ts";
import { produce } from "./apis/produce.ts";
import { readBatchHeader } from "./log/record-batch.ts";
import { type DevBroker, startDevBroker } from "./mod.ts";
import { makeBatch } from "./test-batch.ts";
import { connectRaw, type RawClient } from "./test-raw-client.ts";
import { KAFKA_ERRORS } from "./wire/error-codes.ts";

const LONG = 60_000;
let broker: DevBroker;
let client: RawClient;
let other: RawClient;

beforeAll(async () => {
  broker = await startDevBroker();
  client = await connectRaw(broker.address);
  other = await connectRaw(broker.address);
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await broker.close();
});

async function newTopic(partitions: number): Promise<string> {
  const name = uniqueName("topic");
  const topic = { name, partitions, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(createTopics, 4, { topics: [topic], timeoutMs: 0, validateOnly: false });
  return name;
}

function append(name: string, index: number, records: Buffer) {
  return other.call(produce, 8, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 0,
    topics: [{ name, partitions: [{ index, records }] }],
  });
}

interface FetchOptions {
  readonly offsets: readonly number[];
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
}

/** The error, or the base offsets of the batches, of each partition of the topic. */
async function read(name: string, options: FetchOptions) {
  const answer = await client.call(fetch, 11, {
    replicaId: -1,
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 1e6,
    isolationLevel: 1,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        name,
        partitions: options.offsets.map((fetchOffset, index) => ({
          index,
          currentLeaderEpoch: -1,
          fetchOffset,
          logStartOffset: -1,
          maxBytes: options.partitionMaxBytes ?? 1e6,
        })),
      },
    ],
    forgottenTopics: [],
    rackId: "",
  });
  return answer?.topics[0]?.partitions.map(({ errorCode, records }) =>
    errorCode === KAFKA_ERRORS.NONE ? baseOffsets(records) : errorCode,
  );
}

function baseOffsets(records: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let rest = Buffer.from(records); rest.length > 0; ) {
    const length = rest.readInt32BE(8) + 12;
    offsets.push(readBatchHeader(rest.subarray(0, length)).baseOffset);
    rest = rest.subarray(length);
  }
  return offsets;
}

test("whole batches come from the one that holds the offset on", async () => {
  const topic = await newTopic(1);
  for (let index = 0; index < 3; index++) await append(topic, 0, makeBatch({ records: 10 }));
  expect(await read(topic, { offsets: [0] })).toEqual([[0, 10, 20]]);
  expect(await read(topic, { offsets: [15] })).toEqual([[10, 20]]);
  expect(await read(topic, { offsets: [30] })).toEqual([[]]);
});

test("the first batch comes whatever the limits, then the limits hold", async () => {
  const topic = await newTopic(3);
  const size = makeBatch().length;
  for (const index of [1, 1, 2]) await append(topic, index, makeBatch());
  const offsets = [0, 0, 0];
  expect(await read(topic, { offsets, maxBytes: 1 })).toEqual([[], [0], []]);
  expect(await read(topic, { offsets, partitionMaxBytes: 1 })).toEqual([[], [0], []]);
  expect(await read(topic, { offsets, maxBytes: 2 * size })).toEqual([[], [0, 1], []]);
  expect(await read(topic, { offsets, partitionMaxBytes: size })).toEqual([[], [0], [0]]);
});

test("a fetch waits until the bytes it asked for are there, over all its partitions", async () => {
  const topic = await newTopic(2);
  const size = makeBatch().length;
  await append(topic, 0, makeBatch());
  const reading = read(topic, { offsets: [0, 0], maxWaitMs: LONG, minBytes: 3 * size });
  for (const index of [1, 0]) await append(topic, index, makeBatch());
  expect(await reading).toEqual([[0, 1], [0]]);
});

test("a fetch that waited in vain is answered empty", async () => {
  const topic = await newTopic(1);
  expect(await read(topic, { offsets: [0], maxWaitMs: 30 })).toEqual([[]]);
});

test("an error is answered at once, beside the records of other partitions", async () => {
  const topic = await newTopic(2);
  await append(topic, 0, makeBatch());
  const impossible = { maxWaitMs: LONG, minBytes: 1e6 };
  const { OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION } = KAFKA_ERRORS;
  expect(await read(topic, { ...impossible, offsets: [0, 5] })).toEqual([[0], OFFSET_OUT_OF_RANGE]);
  expect(await read(topic, { ...impossible, offsets: [0, 0, 0] })).toEqual([
    [0],
    [],
    UNKNOWN_TOPIC_OR_PARTITION,
  ]);
});

test("a fetch that waits learns that its topic was deleted", async () => {
  const topic = await newTopic(1);
  const reading = read(topic, { offsets: [0], maxWaitMs: LONG });
  await other.call(deleteTopics, 3, { topics: [topic], timeoutMs: 0 });
  expect(await reading).toEqual([KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION]);
});

test("deleted records are out of range, and the rest of their batch can still be read", async () => {
  const topic = await newTopic(1);
  for (let index = 0; index < 2; index++) await append(topic, 0, makeBatch({ records: 10 }));
  const partitions = [{ index: 0, offset: 5 }];
  await client.call(deleteRecords, 1, { topics: [{ name: topic, partitions }], timeoutMs: 0 });
  expect(await read(topic, { offsets: [4] })).toEqual([KAFKA_ERRORS.OFFSET_OUT_OF_RANGE]);
  expect(await read(topic, { offsets: [5] })).toEqual([[0, 10]]);
});

test("offsets are found by time, to the record", async () => {
  const topic = await newTopic(1);
  for (const timestamp of [1_000, 2_000]) {
    await append(topic, 0, makeBatch({ records: 10, timestamp }));
  }
  const find = async (timestamp: number) => {
    const partitions = [{ index: 0, currentLeaderEpoch: -1, timestamp }];
    const topics = [{ name: topic, partitions }];
    const answer = await client.call(listOffsets, 5, { replicaId: -1, isolationLevel: 0, topics });
    return answer?.topics[0]?.partitions[0]?.offset;
  };
  expect(await Promise.all([-2, -1, 0, 1_004, 1_500, 2_009, 2_010].map(find))).toEqual([
    0, 20, 0, 4, 10, 19, -1,
  ]);
});
