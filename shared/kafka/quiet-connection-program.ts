// Counts the timers that kafkajs's request queues set: through some traffic, and while idle.
import { createRequire } from "node:module";

const [kafkaHost = "", topic = "", kafkajsFolder = "kafkajs"] = process.argv.slice(2);
const counted = { timers: 0, intervals: 0, heartbeats: 0, queues: 0, armed: 0 };
const HEARTBEATS = 8;

const setTimer = globalThis.setTimeout;
globalThis.setTimeout = Object.assign(
  (...args: Parameters<typeof setTimeout>) => {
    if (new Error().stack?.includes("requestQueue")) counted.timers += 1;
    return setTimer(...args);
  },
  { __promisify__: setTimer.__promisify__ },
);
const setRepeated = globalThis.setInterval;
globalThis.setInterval = Object.assign((...args: Parameters<typeof setInterval>) => {
  counted.intervals += 1;
  return setRepeated(...args);
}, setRepeated);

interface RequestQueue {
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
}
const require = createRequire(import.meta.url);
const RequestQueue = require(`${kafkajsFolder}/src/network/requestQueue`) as {
  prototype: RequestQueue;
};
const queues = new Set<RequestQueue>();
const { checkPendingRequests } = RequestQueue.prototype;
RequestQueue.prototype.checkPendingRequests = function checkAndRemember(this: RequestQueue) {
  queues.add(this);
  checkPendingRequests.call(this);
};

const { Kafka, logLevel, Partitioners } = require(kafkajsFolder) as typeof import("kafkajs");
const kafka = new Kafka({ brokers: kafkaHost.split(","), logLevel: logLevel.NOTHING });
const producer = kafka.producer({
  idempotent: true,
  createPartitioner: Partitioners.DefaultPartitioner,
});
const consumer = kafka.consumer({
  groupId: `quiet-${process.pid}-${Date.now()}`,
  heartbeatInterval: 20,
  maxWaitTimeInMs: 20,
});

const received = Promise.withResolvers<void>();
const settled = Promise.withResolvers<void>();
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({ eachMessage: async () => received.resolve() });
await producer.send({ topic, messages: [{ value: "one round trip" }] });
await received.promise;

const before = counted.timers;
consumer.on(consumer.events.HEARTBEAT, () => {
  counted.heartbeats += 1;
  if (counted.heartbeats === HEARTBEATS) settled.resolve();
});
await settled.promise;
counted.queues = queues.size;
counted.armed = [...queues].filter((queue) => queue.throttleCheckTimeoutId !== null).length;
console.log(JSON.stringify({ ...counted, timers: counted.timers - before }));
process.exit(0);
