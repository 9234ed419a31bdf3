/**
 * Sends records on a fixed schedule with kafkajs and nothing else, for `bun run bench`: idempotent,
 * `acks=all`, one request in flight; what comes due meanwhile goes with the next.
 */
import { writeFileSync } from "node:fs";
import { EVENTS } from "@order-outbox/contracts";
import { encodeEvent, newEventId } from "@order-outbox/events";
import { Kafka, logLevel } from "kafkajs";
import type { Sighting } from "./probe.ts";
import { answerTool, toolPlan } from "./tool-side.ts";

export interface BareProducerPlan {
  kafkaHost: string;
  topic: string;
  rate: number;
  /** Sent one by one, as fast as it goes, before the schedule begins. */
  warmupRecords: number;
  seconds: number;
  /**
   * Gets the time from which each record counts, as JSON: when it was sent, or came due while
   * another request was in flight.
   */
  file: string;
}

const plan = toolPlan<BareProducerPlan>();
const producer = new Kafka({
  clientId: "bench-producer",
  brokers: plan.kafkaHost.split(","),
  logLevel: logLevel.NOTHING,
}).producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
await producer.connect();

for (let sent = 0; sent < plan.warmupRecords; sent++) {
  const messages = [record(crypto.randomUUID(), sent)];
  await producer.send({ topic: plan.topic, acks: -1, messages });
}
const startedAt = performance.now();
const total = plan.seconds * plan.rate;
const due: Sighting[] = [];
let planned = 0;
let freeSince = 0;

function record(orderId: string, sequence: number) {
  const { key, value, headers } = encodeEvent(EVENTS, {
    id: newEventId(),
    type: "ORDER_CREATED",
    source: "/order-service",
    time: new Date().toISOString(),
    subject: orderId,
    sequence,
    data: { orderId, customerId: `customer-${sequence % 1_000}`, amount: 99.99 },
  });
  return { key, value, headers };
}

while (planned < total) {
  const count = Math.min(total, ((performance.now() - startedAt) / 1000) * plan.rate) - planned;
  const messages = [];
  for (let index = 0; index < count; index++) {
    const orderId = crypto.randomUUID();
    const dueAt = startedAt + (planned / plan.rate) * 1000;
    const since = dueAt < freeSince ? dueAt : performance.now();
    due.push([orderId, performance.timeOrigin + since]);
    messages.push(record(orderId, planned));
    planned += 1;
  }
  if (messages.length > 0) {
    await producer.send({ topic: plan.topic, acks: -1, messages });
    freeSince = performance.now();
  } else await Bun.sleep(1);
}
await producer.disconnect();
writeFileSync(plan.file, JSON.stringify(due));
answerTool({ records: due.length });
