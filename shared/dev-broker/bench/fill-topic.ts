/** Gives a broker's topic a past, for `bun run bench`: batches of 500 records of 100 bytes. */

import { produce } from "../apis/produce.ts";
import { makeBatch } from "../test-batch.ts";
import { connectRaw } from "../test-raw-client.ts";

const { address, topic, partitions, records } = JSON.parse(process.argv[2] ?? "{}") as {
  address: string;
  topic: string;
  partitions: number;
  records: number;
};
const PER_BATCH = 500;
const VALUE_BYTES = 100;
/** Batches on their way at once. */
const IN_FLIGHT = 8;

process.stdin.on("end", () => process.exit(1)).resume();
const client = await connectRaw(address);
const batch = makeBatch({ records: PER_BATCH, valueBytes: VALUE_BYTES, timestamp: Date.now() });
const waiting: Promise<unknown>[] = [];
for (let sent = 0; sent * PER_BATCH < records; sent++) {
  waiting.push(
    client.call(produce, 7, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topics: [{ name: topic, partitions: [{ index: sent % partitions, records: batch }] }],
    }),
  );
  if (waiting.length >= IN_FLIGHT) check(await waiting.shift());
}
for (const answer of waiting) check(await answer);
console.log(JSON.stringify({ records }));
process.exit(0);

function check(answer: unknown): void {
  const codes = JSON.stringify(answer, (_, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  if (!codes.includes('"errorCode":0')) throw new Error(`the broker refused a batch: ${codes}`);
}
