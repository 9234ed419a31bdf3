/** Sees an order when a bare kafkajs consumer is handed its record; a probe of `bun run bench`. */
import { Kafka, logLevel } from "kafkajs";
import { serveProbe } from "./probe-side.ts";

export interface ConsumerProbePlan {
  kafkaHost: string;
  topic: string;
}

const { plan, see, ready, ending, finish } = serveProbe<ConsumerProbePlan>();
const consumer = new Kafka({
  clientId: "bench-consumer",
  brokers: plan.kafkaHost.split(","),
  logLevel: logLevel.NOTHING,
}).consumer({
  groupId: `bench-${crypto.randomUUID()}`,
  sessionTimeout: 6_000,
  heartbeatInterval: 1_500,
  maxWaitTimeInMs: 500,
  allowAutoTopicCreation: false,
});

const { promise: joined, resolve: onJoined } = Promise.withResolvers<void>();
consumer.on(consumer.events.GROUP_JOIN, () => onJoined());
await consumer.connect();
await consumer.subscribe({ topic: plan.topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, resolveOffset }) => {
    for (const { key, offset } of batch.messages) {
      see(key?.toString() ?? "");
      resolveOffset(offset);
    }
  },
});
await joined;
ready();
ending.addEventListener("abort", async () => {
  await Promise.race([consumer.disconnect(), Bun.sleep(3_000)]);
  finish();
});
