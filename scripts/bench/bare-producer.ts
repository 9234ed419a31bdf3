/**
 * Sends records on a fixed schedule with kafkajs and nothing else, for `bun run bench`: idempotent,
 * `acks=all`, one request in flight; what comes due meanwhile goes with the next.
 */
import { writeFileSync } from "node:fs";
import { encodeEvent, newEventId } from "@order-outbox/contracts";
import { Kafka, logLevel } from "kafkajs";
import type { Sighting } from "./probe.ts";
import { answerTool, toolPlan } from "./tool-side.ts";

export interface BareProducerPlan {
  kafkaHost: string;
  topic: string;
  rate: number;
  warmupSeconds: number;
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

const startedAt = performance.now();
const total = (plan.warmupSeconds + plan.seconds) * plan.rate;
const measuredFrom = plan.warmupSeconds * plan.rate;
const due: Sighting[] = [];
let planned = 0;
let freeSince = 0;

function record(orderId: string) {
  const { key, value, headers } = encodeEvent({
    id: newEventId(),
    type: "ORDER_CREATED",
    source: "/order-service",
    time: new Date().toISOString(),
    subject: orderId,
    sequence: planned,
    data: { orderId, customerId: `customer-${planned % 1_000}`, amount: 99.99 },
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
    if (planned >= measuredFrom) due.push([orderId, performance.timeOrigin + since]);
    messages.push(record(orderId));
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
