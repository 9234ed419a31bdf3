import { expect, test } from "bun:test";
import { createCommitQueue } from "../storage/commit-queue.ts";
import { openSqliteStore } from "../storage/sqlite-store.ts";
import { makeBatch } from "../test-batch.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { PartitionLog } from "./partition-log.ts";
import { readBatchHeader } from "./record-batch.ts";

test("a batch whose transaction failed is written when it comes again, not taken for a repetition", async () => {
  const store = openSqliteStore({ synchronous: "NORMAL" });
  const failures: unknown[] = [];
  const commits = createCommitQueue(store, (error) => failures.push(error));
  const [partition] = store.addTopic("t", 1, {}).partitions;
  if (partition === undefined) throw new Error("there is no partition");
  const log = new PartitionLog(partition, store, commits);
  const append = (baseSequence: number) => {
    const batch = makeBatch({ records: 2, producerId: 7, producerEpoch: 0, baseSequence });
    return log.append(batch, readBatchHeader(batch));
  };
  expect(await append(0)).toBe(0);

  const failed = append(2);
  const culprit = commits.run(() => {
    throw new Error("the disk is gone");
  });
  const refusal = { reason: { code: KAFKA_ERRORS.KAFKA_STORAGE_ERROR } };
  expect(await Promise.allSettled([failed, culprit])).toMatchObject([refusal, refusal]);
  expect([failures.length, log.logEnd]).toEqual([1, 2]);

  expect(await append(2)).toBe(2);
  expect([log.logEnd, log.read(0, 1e6, true).length]).toEqual([4, 2]);
  store.close();
});
