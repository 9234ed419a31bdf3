import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import { encodeEvent, newEventId } from "@order-outbox/events";
import {
  type ReceivedSpan,
  startTraceCollector,
  type TraceCollector,
  waitFor,
} from "@order-outbox/testing";
import { Kafka, logLevel } from "kafkajs";
import { type System, startSystem } from "../mod.ts";
import { expectClean, fullProof, waitUntilSettled } from "./support.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE}-${CLIENT}-01`;
const TOKEN = "a-token-of-sixteen-or-more";

const tracedTo = ({ endpoint }: TraceCollector) => ({
  LOG_LEVEL: "warn",
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_BSP_SCHEDULE_DELAY: "50",
});

/** `who: what (kind) < what it is part of`, sorted. */
function shapeOf(spans: readonly ReceivedSpan[]): string[] {
  const nameOf = ({ service, name }: ReceivedSpan) => `${service.replace("-service", "")}: ${name}`;
  const byId = new Map(spans.map((span) => [span.spanId, nameOf(span)]));
  byId.set(CLIENT, "client");
  return spans
    .map((span) => {
      const parent = span.parentSpanId === undefined ? "none" : byId.get(span.parentSpanId);
      return `${nameOf(span)} (${span.kind}) < ${parent ?? "unknown"}`;
    })
    .toSorted();
}

const ofTrace = ({ spans }: TraceCollector, traceId: string) =>
  spans.filter((span) => span.traceId === traceId);

test("one order is one trace, from its request to its last notification", async () => {
  await using collector = startTraceCollector();
  await using system = await startSystem({
    env: { ...tracedTo(collector), PAYMENT_SUCCESS_RATE: "1" },
  });
  const orderId = await system.createOrder({}, { traceparent: TRACEPARENT });
  const spans = await waitFor(
    () => {
      const received = ofTrace(collector, TRACE);
      return received.length >= 21 && received;
    },
    { what: "21 spans of the trace" },
  );
  const notified = (topic: string, cause: string) => [
    `notification: commit (INTERNAL) < notification: process ${topic}`,
    `notification: process ${topic} (CONSUMER) < ${cause}`,
    ...["email", "push", "sms"].map(
      (name) => `notification: send ${name}-channel (CLIENT) < notification: process ${topic}`,
    ),
  ];
  expect(shapeOf(spans)).toEqual(
    [
      "order: POST /api/orders (SERVER) < client",
      "order: commit (INTERNAL) < order: POST /api/orders",
      "order: outbox dwell (INTERNAL) < order: POST /api/orders",
      "order: send order_created (PRODUCER) < order: POST /api/orders",
      "payment: process order_created (CONSUMER) < order: POST /api/orders",
      "payment: charge payment-provider (CLIENT) < payment: process order_created",
      "payment: commit (INTERNAL) < payment: process order_created",
      "payment: outbox dwell (INTERNAL) < payment: process order_created",
      "payment: send payment_processed (PRODUCER) < payment: process order_created",
      ...notified("order_created", "order: POST /api/orders"),
      ...notified("payment_processed", "payment: process order_created"),
      "order: process payment_processed (CONSUMER) < payment: process order_created",
      "order: commit (INTERNAL) < order: process payment_processed",
    ].toSorted(),
  );
  expect(spans.filter(({ links, failed }) => links.length > 0 || failed)).toEqual([]);
  const attributesOf = (service: string, name: string) =>
    spans.find((span) => span.service === service && span.name === name)?.attributes;
  expect(attributesOf("order-service", "POST /api/orders")).toMatchObject({
    "http.request.method": "POST",
    "http.route": "/api/orders",
    "http.response.status_code": 201,
    "url.path": "/api/orders",
    "url.scheme": "http",
    "server.address": "127.0.0.1",
    "server.port": system.order.port,
  });
  const stored = outboxRow(system);
  const message = {
    "messaging.system.name": "kafka",
    "messaging.destination.name": "order_created",
    "messaging.destination.partition.id": expect.stringMatching(/^[0-5]$/),
    "messaging.message.id": stored.eventId,
    "kafka.message.key": orderId,
    "order_outbox.event.type": "ORDER_CREATED",
  };
  expect(attributesOf("order-service", "send order_created")).toEqual({
    ...message,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
  });
  expect(attributesOf("payment-service", "process order_created")).toEqual({
    ...message,
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.consumer.group.name": "payment-service",
    "kafka.offset": 0,
    "order_outbox.attempt": 1,
    "order_outbox.outcome": "applied",
  });
  expect(attributesOf("order-service", "commit")).toMatchObject({
    "db.system.name": "sqlite",
    "order_outbox.commit.units": 1,
  });
  const post = spans.find(({ kind }) => kind === "SERVER");
  expect(stored.traceparent).toBe(`00-${TRACE}-${post?.spanId}-01`);
});

test.if(fullProof)("what comes again or late is linked to the trace of its cause", async () => {
  await using collector = startTraceCollector();
  await using system = await startSystem({
    env: { ...tracedTo(collector), OUTBOX_POLL_MS: "100" },
    serviceEnv: { "order-service": { ADMIN_TOKEN: TOKEN } },
  });
  const waitForSpan = (what: string, matches: (span: ReceivedSpan) => boolean) =>
    waitFor(() => collector.spans.find(matches) ?? false, { what });
  const eventOf = (span: ReceivedSpan) => span.attributes["messaging.message.id"];

  await system.createOrder({}, { traceparent: TRACEPARENT });
  await waitUntilSettled(system, 1);
  sql(system, "UPDATE outbox SET isPublished = 0, publishedAt = NULL");
  const repeated = await waitForSpan(
    "the event that is published again",
    ({ service, attributes }) =>
      service === "payment-service" && attributes["order_outbox.outcome"] === "duplicate",
  );
  const [record] = await system.readTopic("order_created");
  expect(repeated).toMatchObject({ kind: "CONSUMER", parentSpanId: undefined });
  expect(repeated.links).toEqual([contextOf(record?.headers.traceparent)]);
  await expectClean(system, 1);

  const orderId = crypto.randomUUID();
  const eventId = newEventId();
  await publishResult(system, orderId, eventId);
  const failed = await waitForSpan(
    "the attempt that fails",
    (span) => span.service === "order-service" && eventOf(span) === eventId,
  );
  expect(failed).toMatchObject({
    traceId: TRACE,
    parentSpanId: CLIENT,
    links: [],
    failed: true,
    attributes: { "order_outbox.attempt": 1, "order_outbox.outcome": "failed" },
  });
  expect(String(failed.attributes["error.type"])).toMatch(/^[A-Z_]+$/);

  sql(
    system,
    `INSERT INTO orders (id, customerId, amount, status, createdAt, updatedAt)
     SELECT '${orderId}', customerId, 10, 'PENDING', createdAt, createdAt FROM orders LIMIT 1`,
  );
  const response = await fetch(`${system.order.url}/admin/held-events/redrive`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ key: orderId }),
  });
  expect(response.status).toBe(202);
  const redriven = await waitForSpan(
    "the attempt that is redriven",
    (span) =>
      span.service === "order-service" &&
      eventOf(span) === eventId &&
      span.attributes["order_outbox.attempt"] === 2,
  );
  expect(redriven).toMatchObject({
    parentSpanId: undefined,
    links: [{ traceId: TRACE, spanId: CLIENT }],
    attributes: { "order_outbox.outcome": "applied" },
  });
  expect(redriven.traceId).not.toBe(TRACE);
});

test.if(fullProof)("services that stop send what they have of their traces", async () => {
  await using collector = startTraceCollector();
  const env = { ...tracedTo(collector), OTEL_BSP_SCHEDULE_DELAY: "3600000" };
  await using system = await startSystem({ env });
  await system.createOrder({}, { traceparent: TRACEPARENT });
  await waitUntilSettled(system, 1);
  expect(collector.spans).toEqual([]);
  const services = [system.order, system.payment, system.notification];
  expect(await Promise.all(services.map((service) => service.stop()))).toEqual([0, 0, 0]);
  expect(ofTrace(collector, TRACE)).toHaveLength(21);
});

test.if(fullProof)("with traces off, the client's trace context reaches the records", async () => {
  await using system = await startSystem({ env: { LOG_LEVEL: "warn" } });
  const traced = await system.createOrder({}, { traceparent: TRACEPARENT });
  const plain = await system.createOrder({}, { traceparent: `00-${"0".repeat(32)}-${CLIENT}-01` });
  await waitUntilSettled(system, 2);
  for (const topic of ["order_created", "payment_processed"]) {
    const records = await system.readTopic(topic);
    const headers = Object.fromEntries(records.map(({ key, headers }) => [key, headers]));
    expect(headers[traced]?.traceparent).toBe(TRACEPARENT);
    expect(Object.keys(headers[plain] ?? {})).not.toContain("traceparent");
  }
});

test.if(fullProof)("a collector that never answers, or is not there, holds nobody up", async () => {
  await using silent = startTraceCollector(() => new Promise(() => {}));
  for (const endpoint of [silent.endpoint, "http://127.0.0.1:9"]) {
    await using system = await startSystem({
      env: { ...tracedTo({ ...silent, endpoint }), OTEL_EXPORTER_OTLP_TIMEOUT: "200" },
    });
    await system.createOrder();
    await waitUntilSettled(system, 1);
    const line = await system.order.process.waitForLine("traces cannot be sent");
    await system.createOrder();
    await waitUntilSettled(system, 2);
    expect(await system.order.stop()).toBe(0);
    expect(system.order.process.lines.filter((one) => one.includes("traces"))).toEqual([line]);
  }
});

/** The result of a payment of an order, from a foreign producer. */
async function publishResult(system: System, orderId: string, eventId: string): Promise<void> {
  const producer = new Kafka({
    brokers: system.kafkaHost.split(","),
    logLevel: logLevel.NOTHING,
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const event = encodeEvent(EVENTS, {
    id: eventId,
    type: "PAYMENT_SUCCEEDED",
    source: "/payment-service",
    time: new Date().toISOString(),
    subject: orderId,
    traceparent: TRACEPARENT,
    data: { orderId, customerId: "customer-1", amount: 10, transactionId: "txn_1" },
  });
  await producer.send({ topic: "payment_processed", messages: [event] });
  await producer.disconnect();
}

function outboxRow(system: System): { eventId: string; traceparent: string } {
  using db = new Database(system.order.databasePath, { readonly: true });
  const rows = db.query<{ eventId: string; traceparent: string }, []>(
    "SELECT eventId, traceparent FROM outbox",
  );
  const [row] = rows.all();
  if (row === undefined) throw new Error("the outbox is empty");
  return row;
}

function sql(system: System, statement: string): void {
  using db = new Database(system.order.databasePath);
  db.run("PRAGMA busy_timeout = 5000");
  db.run(statement);
}

function contextOf(traceparent: string | undefined) {
  const [, traceId = "", spanId = ""] = traceparent?.split("-") ?? [];
  return { traceId, spanId };
}
