import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@order-outbox/testing";
import { readBatchHeader } from "../log/record-batch.ts";
import { makeBatch } from "../test-batch.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import type { Store } from "./store.ts";

/** Appends a batch of so many records at the offset. */
function append(store: Store, partitionId: number, baseOffset: number, records = 10): Buffer {
  const bytes = makeBatch({ records, timestamp: baseOffset });
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  const header = readBatchHeader(bytes);
  store.append(partitionId, { ...header, lastOffset: baseOffset + records - 1, bytes });
  return bytes;
}

const offsetsOf = (batches: readonly Uint8Array[]) =>
  batches.map((batch) => readBatchHeader(batch).baseOffset);

function withTopic(store: Store) {
  const topic = store.addTopic("t", 2, {});
  const [first, second] = topic.partitions.map(({ id }) => id) as [number, number];
  for (const offset of [0, 10, 20]) append(store, first, offset);
  append(store, second, 0, 1);
  return { topic, first, second };
}

test("a read starts with the batch that holds the offset and stays within its partition", () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const { first, second } = withTopic(store);
  expect(offsetsOf(store.read(first, 0, 1e6, true))).toEqual([0, 10, 20]);
  expect(offsetsOf(store.read(first, 19, 1e6, true))).toEqual([10, 20]);
  expect(offsetsOf(store.read(first, 30, 1e6, true))).toEqual([]);
  expect(offsetsOf(store.read(second, 0, 1e6, true))).toEqual([0]);
  store.close();
});

test("a read takes whole batches within the limit, and one at least if asked to", () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const { first } = withTopic(store);
  const size = store.read(first, 0, 1e6, true)[0]?.length ?? 0;
  expect(store.read(first, 0, 2 * size, false)).toHaveLength(2);
  expect(store.read(first, 0, 2 * size - 1, false)).toHaveLength(1);
  expect(store.read(first, 0, size - 1, false)).toHaveLength(0);
  expect(store.read(first, 0, 0, true)).toHaveLength(1);
  store.close();
});

test("a time finds the first batch that reaches it", () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const { first } = withTopic(store);
  const found = [0, 9, 10, 29].map((time) => store.findByTimestamp(first, time));
  expect(offsetsOf(found.filter((batch) => batch !== undefined))).toEqual([0, 0, 10, 20]);
  expect(store.findByTimestamp(first, 30)).toBeUndefined();
  store.close();
});

test("a reopened store has everything it had", () => {
  using folder = tempDir();
  const open = () => openSqliteStore({ folder: folder.path, synchronous: "FULL" });
  const committed = { topic: "t", partition: 1, offset: -2n, leaderEpoch: 3, metadata: "żółw" };
  const before = open();
  before.transaction(() => {
    const { topic, first, second } = withTopic(before);
    before.setConfigs(topic.id, { "retention.ms": "5" });
    before.deleteRecords(first, 15);
    before.deleteRecords(second, 1);
    before.saveOffsets("g", [committed, { ...committed, partition: 0, offset: 2n ** 60n }]);
    expect([before.nextProducerId(), before.nextProducerId()]).toEqual([1, 2]);
  });
  before.close();

  const after = open();
  expect(after.clusterId).toBe(before.clusterId);
  expect(after.topics()).toMatchObject([
    {
      name: "t",
      configs: { "retention.ms": "5" },
      partitions: [
        { index: 0, logStart: 15, logEnd: 30 },
        { index: 1, logStart: 1, logEnd: 1 },
      ],
    },
  ]);
  expect(after.groupOffsets()).toEqual([
    { groupId: "g", ...committed, partition: 0, offset: 2n ** 60n },
    { groupId: "g", ...committed },
  ]);
  expect(after.nextProducerId()).toBe(3);
  after.close();
});

test("producers are known again, the one that wrote last comes last", () => {
  using folder = tempDir();
  const open = () => openSqliteStore({ folder: folder.path, synchronous: "NORMAL" });
  const stateAt = (baseOffset: number) => ({
    epoch: 0,
    batches: [{ firstSequence: 0, lastSequence: 9, baseOffset }],
  });
  const before = open();
  before.saveProducer({ partitionId: 1, producerId: 7, state: stateAt(0) });
  before.saveProducer({ partitionId: 1, producerId: 8, state: stateAt(10) });
  before.saveProducer({ partitionId: 1, producerId: 9, state: stateAt(20) });
  before.saveProducer({ partitionId: 1, producerId: 7, state: stateAt(30) });
  before.forgetProducer(1, 8);
  before.close();
  const after = open();
  expect(after.producers()).toEqual([
    { partitionId: 1, producerId: 9, state: stateAt(20) },
    { partitionId: 1, producerId: 7, state: stateAt(30) },
  ]);
  after.close();
});

test("a file from before producers had a table gets them from its log", () => {
  using folder = tempDir();
  const open = () => openSqliteStore({ folder: folder.path, synchronous: "NORMAL" });
  const before = open();
  const [first] = before.addTopic("t", 1, {}).partitions;
  for (const batch of [0, 1, 2, 3, 4, 5, 6]) {
    const bytes = makeBatch({
      records: 3,
      producerId: 5,
      producerEpoch: 1,
      baseSequence: 3 * batch,
    });
    const [baseOffset, lastOffset] = [3 * batch, 3 * batch + 2];
    const header = { ...readBatchHeader(bytes), baseOffset };
    before.append(first?.id ?? 0, { ...header, lastOffset, bytes });
  }
  before.close();
  {
    using old = new Database(join(folder.path, "broker.db"));
    old.run("DROP TABLE producers");
    old.run("PRAGMA user_version = 1");
  }
  const after = open();
  expect(after.producers()).toEqual([
    {
      partitionId: first?.id ?? 0,
      producerId: 5,
      state: {
        epoch: 1,
        batches: [6, 9, 12, 15, 18].map((at) => ({
          firstSequence: at,
          lastSequence: at + 2,
          baseOffset: at,
        })),
      },
    },
  ]);
  after.close();
});

test("a transaction that throws leaves nothing behind", () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const failing = () =>
    store.transaction(() => {
      store.addTopic("t", 1, {});
      throw new Error("no");
    });
  expect(failing).toThrow("no");
  expect(store.topics()).toEqual([]);
  store.close();
});

test("a full store refuses writes, keeps what it has, and takes writes again once there is room", () => {
  using folder = tempDir();
  const store = openSqliteStore({ folder: folder.path, synchronous: "NORMAL", maxBytes: 200_000 });
  const topic = store.addTopic("t", 1, {});
  const id = topic.partitions[0]?.id ?? 0;
  let offset = 0;
  const fill = () => {
    for (; offset < 100_000; offset += 100) store.transaction(() => append(store, id, offset, 100));
  };
  expect(fill).toThrow("full");
  expect(offsetsOf(store.read(id, offset - 100, 1e6, true))).toEqual([offset - 100]);

  store.transaction(() => store.deleteRecords(id, offset));
  store.transaction(() => append(store, id, offset, 100));
  expect(offsetsOf(store.read(id, offset, 1e6, true))).toEqual([offset]);
  store.close();
});

test("what the broker keeps is for its owner alone, also where it was not before", () => {
  using folder = tempDir();
  const modes = () =>
    ["data", "data/broker.db", "data/broker.db-wal"].map((path) =>
      (statSync(join(folder.path, path)).mode & 0o777).toString(8),
    );
  const open = () => openSqliteStore({ folder: folder.join("data"), synchronous: "NORMAL" });
  const before = open();
  expect(modes()).toEqual(["700", "600", "600"]);
  before.close();
  chmodSync(folder.join("data/broker.db"), 0o644);
  const after = open();
  expect(modes()).toEqual(["700", "600", "600"]);
  after.close();
});

test("two brokers cannot use one folder", () => {
  using folder = tempDir();
  const options = { folder: folder.path, synchronous: "NORMAL" } as const;
  const first = openSqliteStore(options);
  expect(() => openSqliteStore(options)).toThrow("another broker is using");
  first.close();
  openSqliteStore(options).close();
});

test("a deleted topic is gone with its records and its offsets", () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const { topic, first } = withTopic(store);
  const committed = { partition: 0, offset: 1n, leaderEpoch: -1, metadata: "" };
  store.saveOffsets("g", [
    { topic: "t", ...committed },
    { topic: "other", ...committed },
  ]);
  store.saveProducer({ partitionId: first, producerId: 1, state: { epoch: 0, batches: [] } });
  store.removeTopic(topic.id);
  expect(store.topics()).toEqual([]);
  expect(store.producers()).toEqual([]);
  expect(store.read(first, 0, 1e6, true)).toEqual([]);
  expect(store.groupOffsets().map((offset) => offset.topic)).toEqual(["other"]);
  const again = store.addTopic("t", 2, {});
  expect(again.partitions.map(({ id }) => id)).not.toContain(first);
  store.close();
});
