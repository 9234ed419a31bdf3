/**
 * Writes records of 100 bytes to a topic in batches of 500 with kafkajs, and reads them again from
 * the beginning; for `bun run bench`. Writing counts from the first answer to the last, reading from
 * the joining of the group to the last record.
 */
import { Kafka, logLevel } from "kafkajs";
import { answerTool, toolPlan } from "./tool-side.ts";

export interface BrokerClientPlan {
  kafkaHost: string;
  topic: string;
  records: number;
}

export interface BrokerClientResult {
  produced: number;
  consumed: number;
}

const BATCH = 500;

const { kafkaHost, topic, records } = toolPlan<BrokerClientPlan>();
const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });

async function produce(): Promise<number> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const value = Buffer.alloc(100, "a");
  const messages = Array.from({ length: BATCH }, (_, index) => ({ key: `key-${index}`, value }));
  await producer.connect();
  await producer.send({ topic, acks: -1, messages });
  const startedAt = performance.now();
  for (let sent = BATCH; sent < records; sent += BATCH) {
    await producer.send({ topic, acks: -1, messages });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await producer.disconnect();
  return (records - BATCH) / seconds;
}

async function consume(): Promise<number> {
  const consumer = kafka.consumer({ groupId: `bench-${crypto.randomUUID()}` });
  const { promise: complete, resolve } = Promise.withResolvers<number>();
  let startedAt = 0;
  let read = 0;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    startedAt = performance.now();
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, resolveOffset }) => {
      read += batch.messages.length;
      resolveOffset(batch.lastOffset());
      if (read === records) resolve(records / ((performance.now() - startedAt) / 1000));
    },
  });
  const rate = await complete;
  await consumer.disconnect();
  return rate;
}

const result: BrokerClientResult = { produced: await produce(), consumed: await consume() };
answerTool(result);
