/**
 * Publishes the pending events of an orders.db with kafkajs alone, for `bun run bench`: the same
 * keys, values and headers as the relay's, made before the clock starts. In batches (`batch`) it
 * writes nothing back; one by one (`batch` 1) it is the textbook way, with an UPDATE after each send.
 */
import { Database } from "bun:sqlite";
import { encodeHeaders } from "@order-outbox/events";
import type * as KafkaJs from "kafkajs";
import { answerTool, toolPlan } from "./tool-side.ts";

export interface StockPlan {
  /** The path of kafkajs's module. */
  kafkajs: string;
  kafkaHost: string;
  topic: string;
  database: string;
  rows: number;
  batch: number;
  /** Ends after so many seconds. */
  seconds: number;
}

export interface StockResult {
  rows: number;
  /** From the first acknowledgement to the last. */
  seconds: number;
}

interface PendingRow {
  id: number;
  eventId: string;
  eventType: string;
  orderId: string;
  partitionKey: string;
  payload: string;
  createdAt: string;
}

const plan = toolPlan<StockPlan>();
const { Kafka, logLevel, Partitioners } = (await import(plan.kafkajs)) as typeof KafkaJs;
const db = new Database(plan.database);
db.run("PRAGMA busy_timeout = 5000");
db.run("PRAGMA synchronous = FULL");
const mark = db.prepare("UPDATE outbox SET isPublished = 1, publishedAt = ? WHERE id = ?");
const rows = db
  .query<PendingRow, [number]>(
    `SELECT id, eventId, eventType, orderId, partitionKey, payload, createdAt FROM outbox
     WHERE isPublished = 0 ORDER BY id LIMIT ?`,
  )
  .all(plan.rows);
const messages = rows.map((row) => ({
  key: row.partitionKey,
  value: row.payload,
  headers: encodeHeaders({
    id: row.eventId,
    type: row.eventType,
    source: "/order-service",
    time: row.createdAt,
    subject: row.orderId,
    sequence: row.id,
  }),
}));

const producer = new Kafka({
  clientId: "stock",
  brokers: plan.kafkaHost.split(","),
  logLevel: logLevel.NOTHING,
}).producer({
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
  createPartitioner: Partitioners.DefaultPartitioner,
});
await producer.connect();
let startedAt = 0;
let done = 0;
const { topic, batch } = plan;
for (let at = 0; at < rows.length; at += batch) {
  await producer.send({ topic, acks: -1, messages: messages.slice(at, at + batch) });
  if (batch === 1) mark.run(new Date().toISOString(), rows[at]?.id ?? 0);
  if (startedAt === 0) startedAt = performance.now();
  else done += Math.min(batch, rows.length - at);
  if (done > 0 && performance.now() - startedAt > plan.seconds * 1000) break;
}
const result: StockResult = { rows: done, seconds: (performance.now() - startedAt) / 1000 };
await producer.disconnect();
answerTool(result);
