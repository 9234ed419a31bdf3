import { expect, test } from "bun:test";
import { KAFKA_ERRORS, KafkaError } from "../wire/error-codes.ts";
import { createCommitQueue } from "./commit-queue.ts";

/** A queue over transactions that are counted, and fail when `full` is set. */
function openOnDisk() {
  const disk = { transactions: 0, full: false, failures: [] as unknown[] };
  const queue = createCommitQueue(
    {
      transaction(work) {
        disk.transactions += 1;
        work();
        if (disk.full) throw new Error("database or disk is full");
      },
    },
    (error) => disk.failures.push(error),
  );
  return { disk, queue };
}

test("what one turn asks for goes into one transaction, in order", async () => {
  const { disk, queue } = openOnDisk();
  const order: number[] = [];
  const results = await Promise.all([1, 2, 3].map((n) => queue.run(() => order.push(n))));
  expect([results, order, disk.transactions]).toEqual([[1, 2, 3], [1, 2, 3], 1]);
  await queue.run(() => 4);
  expect(disk.transactions).toBe(2);
});

test("a refusal by the protocol rejects its own unit alone", async () => {
  const { queue } = openOnDisk();
  const refused = queue.run(() => {
    throw new KafkaError("OUT_OF_ORDER_SEQUENCE_NUMBER");
  });
  const accepted = queue.run(() => "written");
  expect(await Promise.allSettled([refused, accepted])).toMatchObject([
    { reason: { code: KAFKA_ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER } },
    { value: "written" },
  ]);
});

test("a failed transaction refuses all its units with a retriable error and takes memory back", async () => {
  const { disk, queue } = openOnDisk();
  let offset = 0;
  const append = () =>
    queue.run((onRollback) => {
      const before = offset;
      offset += 1;
      onRollback(() => {
        offset = before;
      });
      return before;
    });
  disk.full = true;
  const refusal = { reason: { code: KAFKA_ERRORS.KAFKA_STORAGE_ERROR } };
  expect(await Promise.allSettled([append(), append()])).toMatchObject([refusal, refusal]);
  expect([offset, disk.failures.length]).toEqual([0, 1]);

  disk.full = false;
  expect(await Promise.all([append(), append()])).toEqual([0, 1]);
});

test("the queue is settled once everything asked for is written", async () => {
  const { queue } = openOnDisk();
  await queue.settled();
  let written = 0;
  const first = queue.run(() => {
    written += 1;
    // Asked for while the transaction is written: part of the next one.
    void queue.run(() => {
      written += 1;
    });
  });
  await queue.settled();
  expect(written).toBe(2);
  await first;
});
