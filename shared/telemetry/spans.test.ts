import { expect, test } from "bun:test";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { AnyEvent } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import type { ConsumedRecord } from "@order-outbox/kafka";
import { closeDatabase, createCommitQueue, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { traceCalls } from "./calls.ts";
import { traceCommits } from "./commits.ts";
import { traceConsumed } from "./consumed-events.ts";
import { tracePublished } from "./published-rows.ts";
import { traceRequests } from "./requests.ts";
import { skipUnsampled } from "./skip-unsampled.ts";
import { childOf, traceparentOf } from "./span-context.ts";
import { createTestTracer } from "./test-tracer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;
const AT = Date.parse("2026-01-01T00:00:00.000Z");

const relationOf = ({ parentSpanContext, links }: ReadableSpan) => ({
  parent: parentSpanContext?.spanId,
  links: links.map(({ context }) => context.spanId),
});

function eventAt(time: number, traceparent?: string): AnyEvent {
  const orderId = crypto.randomUUID();
  return {
    id: crypto.randomUUID(),
    type: "ORDER_CREATED",
    source: "/order-service",
    time: new Date(time).toISOString(),
    subject: orderId,
    data: { orderId, customerId: "customer-1", amount: 1 },
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

const record: ConsumedRecord = {
  topic: "order_created",
  partition: 3,
  offset: 7,
  key: null,
  value: null,
  headers: {},
  timestamp: AT,
};

test("prompt work on an event continues its trace; late or repeated work is linked to it", () => {
  const { tracer, spans } = createTestTracer();
  const follow = traceConsumed(tracer, "a-group", () => AT + 60_000);
  const first = { record, attempt: 1, repeated: false };
  follow({ ...first, event: eventAt(AT, SAMPLED) }).end("applied");
  follow({ ...first, event: eventAt(AT - 1, SAMPLED) }).end("applied");
  follow({ event: eventAt(AT, SAMPLED), record, attempt: 2, repeated: true }).end("applied");
  follow({ ...first, event: eventAt(AT - 1) }).end("applied");
  expect(spans().map(relationOf)).toEqual([
    { parent: SPAN, links: [] },
    { parent: undefined, links: [SPAN] },
    { parent: undefined, links: [SPAN] },
    { parent: undefined, links: [] },
  ]);
  const traces = spans().map((span) => span.spanContext().traceId);
  expect(traces[0]).toBe(TRACE);
  expect(new Set(traces).size).toBe(4);
});

test("a row's wait and its publication are told from its own times", () => {
  const { tracer, spans } = createTestTracer();
  const row = {
    id: 1,
    eventId: crypto.randomUUID(),
    eventType: "ORDER_CREATED",
    partitionKey: "key",
    createdAt: new Date(AT).toISOString(),
  };
  tracePublished(tracer)({
    topic: "order_created",
    partition: 0,
    rows: [
      { ...row, traceparent: SAMPLED },
      { ...row, traceparent: UNSAMPLED },
      { ...row, traceparent: null },
    ],
    sentAt: AT + 40,
    acknowledgedAt: AT + 45,
  });
  const ms = ([seconds, nanos]: [number, number]) => seconds * 1_000 + nanos / 1e6 - AT;
  expect(spans().map(({ name, startTime, endTime }) => [name, ms(startTime), ms(endTime)])).toEqual(
    [
      ["outbox dwell", 0, 40],
      ["send order_created", 40, 45],
    ],
  );
});

test("a request begins a trace unless it comes with one, and only 5xx is an error", () => {
  const { tracer, spans } = createTestTracer();
  const begin = traceRequests(tracer);
  const ask = (given: string | undefined, status: number, method = "GET", route = "/things/:id") =>
    begin({
      method,
      route,
      path: "/things/7",
      headers: new Headers(given === undefined ? {} : { traceparent: given }),
    }).end(status);
  ask(SAMPLED, 500);
  ask("00-nonsense", 404, "BREW", "none");
  ask(UNSAMPLED, 200);
  expect(
    spans().map((span) => ({
      name: span.name,
      ...relationOf(span),
      status: span.status.code,
      error: span.attributes["error.type"],
      method: span.attributes["http.request.method"],
    })),
  ).toEqual([
    {
      name: "GET /things/:id",
      parent: SPAN,
      links: [],
      status: 2,
      error: "500",
      method: "GET",
    },
    { name: "HTTP", parent: undefined, links: [], status: 0, error: undefined, method: "_OTHER" },
  ]);
  expect(
    begin({ method: "GET", route: "/", path: "/", headers: new Headers() }).traceparent,
  ).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test("a unit's span lasts until its commit, and knows how many shared that", async () => {
  using folder = tempDir();
  const db = openDatabase(`${folder.path}/a.db`);
  const { tracer, spans } = createTestTracer();
  const { noteCommit, traceCommits: traced } = traceCommits(tracer);
  const queue = traced(createCommitQueue(db, { onCommit: noteCommit }));
  const outcomes = await Promise.allSettled([
    queue.run(() => "a", SAMPLED),
    queue.run(() => "b"),
    queue.run(() => {
      throw new AppError("HANDLER_FAILED", "no");
    }, SAMPLED),
  ]);
  await queue.close();
  closeDatabase(db);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(
    spans().map((span) => [
      span.name,
      relationOf(span).parent,
      span.attributes["order_outbox.commit.units"],
      span.attributes["error.type"],
    ]),
  ).toEqual([
    ["commit", SPAN, 2, undefined],
    ["commit", SPAN, undefined, "HANDLER_FAILED"],
  ]);
});

test("what is part of a trace that is not recorded stays in its context", () => {
  const { tracer, spans } = createTestTracer();
  const starter = skipUnsampled(tracer);
  const traceparents = [UNSAMPLED, SAMPLED, undefined].map((traceparent) => {
    const span = starter.startSpan("a", {}, childOf(traceparent));
    span.end();
    return traceparentOf(span);
  });
  expect(traceparents[0]).toBe(UNSAMPLED);
  expect(spans().map(relationOf)).toEqual([
    { parent: SPAN, links: [] },
    { parent: undefined, links: [] },
  ]);
});

test("a call gets the context of its span to pass on, and its failure is told", async () => {
  const { tracer, spans } = createTestTracer();
  const call = traceCalls(tracer);
  const remote = { name: "charge somebody", peer: "somebody", traceparent: SAMPLED };
  const passedOn = await call(remote, async (traceparent) => traceparent);
  const failing = call(remote, () => Promise.reject(new AppError("BROKER_UNAVAILABLE", "away")));
  expect(failing).rejects.toThrow("away");
  await failing.catch(() => {});
  const [first, second] = spans();
  expect(passedOn).toBe(`00-${TRACE}-${first?.spanContext().spanId}-01`);
  expect(second?.attributes).toEqual({
    "service.peer.name": "somebody",
    "error.type": "BROKER_UNAVAILABLE",
  });
});
