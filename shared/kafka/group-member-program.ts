// A process that joins a group, says so and stays: to be killed.
import { holdPresence } from "@order-outbox/sqlite";
import { createConsumer, createKafkaClient } from "./mod.ts";

const [kafkaHost = "", topic = "", groupId = "", databaseId = "", path = ""] =
  process.argv.slice(2);
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const client = createKafkaClient({ brokers: kafkaHost.split(","), clientId: "member", log });

const consumer = createConsumer(client, {
  groupId,
  topics: { [topic]: 1 },
  databaseId,
  presence: holdPresence(path, "member"),
  startOffset: () => undefined,
  onBatch: async ({ records }) => console.log(`saw ${records.map(({ value }) => value)}`),
  sessionTimeoutMs: 60_000,
  intervals: { heartbeatsMs: 100 },
});
consumer.start();
