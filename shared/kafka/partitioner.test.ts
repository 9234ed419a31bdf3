import { expect, test } from "bun:test";
import { Partitioners } from "kafkajs";
import { keyHash, partitionOf } from "./mod.ts";

const choose = Partitioners.DefaultPartitioner();
const kafkaJsPartitionOf = (key: string, partitions: number) =>
  choose({
    topic: "t",
    message: { key, value: null },
    partitionMetadata: Array.from({ length: partitions }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    })),
  });

test("a key goes to the partition that kafkajs's default partitioner gives it", () => {
  const keys = ["", "a", "ab", "abc", "abcd", "Grüße", "注文", "🙂"];
  for (let i = 0; i < 500; i++) keys.push(crypto.randomUUID());
  for (const partitions of [1, 6, 7, 64]) {
    expect(keys.map((key) => partitionOf(key, partitions))).toEqual(
      keys.map((key) => kafkaJsPartitionOf(key, partitions)),
    );
  }
});

test("the stored hash of a key gives its partition for any partition count", () => {
  const key = "2f1c9a4e-8d1b-4f6e-9b70-0f6a0d6b9a11";
  expect([6, 12, 13].map((n) => keyHash(key) % n)).toEqual(
    [6, 12, 13].map((n) => partitionOf(key, n)),
  );
});
