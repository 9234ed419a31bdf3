// A consumer whose clock is set back by ten minutes while it is in its group.
import { Kafka, logLevel } from "kafkajs";

const [kafkaHost = "", topic = ""] = process.argv.slice(2);
const HEARTBEATS = 5;
const TEN_MINUTES_MS = 600_000;

const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({
  groupId: `set-back-${crypto.randomUUID()}`,
  heartbeatInterval: 20,
  maxWaitTimeInMs: 20,
});
let heartbeats = 0;
const first = Promise.withResolvers<void>();
const enough = Promise.withResolvers<void>();
consumer.on(consumer.events.HEARTBEAT, () => {
  heartbeats += 1;
  first.resolve();
  if (heartbeats > HEARTBEATS) enough.resolve();
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({ eachMessage: async () => {} });
await first.promise;

heartbeats = 0;
const trueNow = Date.now;
Date.now = () => trueNow() - TEN_MINUTES_MS;
await enough.promise;
console.log("still beating");
process.exit(0);
