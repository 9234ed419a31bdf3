import { join } from "node:path";
import { DEFAULT_PARTITIONS, TOPICS } from "@order-outbox/contracts";
import { startBrokerProcess } from "@order-outbox/testing";
import { createTopic } from "./broker.ts";
import type { BrokerClientPlan, BrokerClientResult } from "./broker-client.ts";
import { residentMib } from "./cpu.ts";
import type { Recorder } from "./figures.ts";
import { growthRounds } from "./outbox-growth.ts";
import { type BenchContext, inTurns } from "./part.ts";
import { runTool } from "./tools.ts";

export const BROKER_TABLE = "The embedded broker by the records that it keeps";

/** Starts the embedded broker on data with and without a past, writes to it and reads from it. */
export async function brokerGrowth(context: BenchContext, recorder: Recorder): Promise<void> {
  const { folder, quick, signal, progress } = context;
  const most = quick ? 100_000 : 5_000_000;
  const pasts = [0, most];
  const dataOf = (records: number) => join(folder, `broker-${records}`);
  progress.step(`making ${most.toLocaleString("en-US")} records`);
  await fill(dataOf(most), most, signal);
  for (let round = 0; round < growthRounds(context); round++) {
    for (const records of inTurns(pasts, round)) {
      progress.step(`the embedded broker with ${records.toLocaleString("en-US")} records`);
      const row = `${records.toLocaleString("en-US")} records`;
      const startedAt = performance.now();
      await using broker = await startBrokerProcess({ data: dataOf(records) });
      recorder.add(BROKER_TABLE, row, "start ms", performance.now() - startedAt);
      const { pid } = broker.process;
      recorder.add(BROKER_TABLE, row, "MiB after the start", residentMib(pid));
      const { kafkaHost } = broker;
      const topic = await createTopic(kafkaHost, `bench-${crypto.randomUUID()}`);
      const plan: BrokerClientPlan = { kafkaHost, topic, records: quick ? 5_000 : 100_000 };
      const { produced, consumed } = await runTool<BrokerClientResult>(
        "shared/bench/broker-client.ts",
        plan,
        signal,
      );
      recorder.add(BROKER_TABLE, row, "records/s written", produced);
      recorder.add(BROKER_TABLE, row, "records/s read", consumed);
      recorder.add(BROKER_TABLE, row, "MiB after that", residentMib(pid));
      broker.process.kill("SIGTERM");
      await broker.process.exited;
    }
  }
}

async function fill(data: string, records: number, signal: AbortSignal): Promise<void> {
  await using broker = await startBrokerProcess({ data });
  await runTool(
    "shared/dev-broker/bench/fill-topic.ts",
    {
      address: broker.kafkaHost,
      topic: TOPICS.orderCreated,
      partitions: DEFAULT_PARTITIONS,
      records,
    },
    signal,
  );
  broker.process.kill("SIGTERM");
  await broker.process.exited;
}
