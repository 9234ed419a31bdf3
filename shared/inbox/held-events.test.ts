import { expect, test } from "bun:test";
import { type AnyEvent, EVENTS } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { waitFor } from "@order-outbox/testing";
import {
  ANYWHERE,
  openReader,
  openStream,
  orderCreated,
  paymentSucceeded,
  type RawRecord,
  toRecord,
} from "./test-inbox.ts";

test.concurrent("an event whose handler throws is parked whole, and other orders go on", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [bad, good] = [orderCreated(), orderCreated()];
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        decide(event: AnyEvent) {
          if (event.id === bad.id) throw new Error("cannot be applied");
          return reader.leaveRow(event);
        },
      },
    },
  });
  await stream.publish([bad, good]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([good.id]);
  expect(reader.rows("SELECT eventId FROM inbox")).toEqual([{ eventId: good.id }]);
  const { key, value, headers } = toRecord(bad);
  const [held, ...others] = reader.rows<{ key: Uint8Array; value: Uint8Array; headers: string }>(
    "SELECT * FROM held_events",
  );
  expect(others).toEqual([]);
  expect(held).toMatchObject({
    state: "PARKED",
    topic: stream.topics[0],
    partition: 0,
    offset: 0,
    eventId: bad.id,
    eventType: "ORDER_CREATED",
    eventKey: bad.subject,
    errorCode: "HANDLER_FAILED",
    lastError: "cannot be applied",
    attempts: 1,
  });
  expect(Buffer.from(held?.key ?? []).toString()).toBe(String(key));
  expect(Buffer.from(held?.value ?? []).toString()).toBe(String(value));
  expect(JSON.parse(held?.headers ?? "")).toEqual(headers);
  expect(inbox.status()).toMatchObject({ parked: 1, held: { PARKED: 1 } });
  expect(reader.logged).toContainEqual({
    level: "error",
    fields: expect.objectContaining({ eventId: bad.id, code: "HANDLER_FAILED" }),
    message: "event parked: cannot be applied",
  });
});

test.concurrent("later events of a held order wait behind it, also those of the other topic", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const bad = orderCreated();
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        decide() {
          throw new Error("cannot be applied");
        },
      },
      PAYMENT_SUCCEEDED: { decide: reader.leaveRow },
    },
  });
  await stream.publish([bad]);
  await waitFor(() => inbox.status().held.PARKED === 1, { what: "the event to be parked" });
  const [behind, other] = [paymentSucceeded(bad.subject), paymentSucceeded(crypto.randomUUID())];
  await stream.publish([behind, other], stream.topics[1]);
  await waitFor(() => reader.nextOffset(stream.topics[1]) === 2, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([other.id]);
  expect(
    reader.rows("SELECT state, eventId, eventKey, attempts FROM held_events ORDER BY id"),
  ).toEqual([
    { state: "PARKED", eventId: bad.id, eventKey: bad.subject, attempts: 1 },
    { state: "BEHIND", eventId: behind.id, eventKey: bad.subject, attempts: 0 },
  ]);
});

test.concurrent("a failure that can pass is tried again until it has passed", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  let calls = 0;
  const inbox = reader.start({
    retry: { attempts: 10, baseMs: 5, capMs: 20 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          calls += 1;
          if (calls < 3) throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([event]);
  await waitFor(() => inbox.status().processed === 1, { what: "the event to be processed" });
  expect(calls).toBe(3);
  expect(reader.effects()).toEqual([event.id]);
  expect(inbox.status().held).toEqual({});
});

test.concurrent("a failure that does not pass is parked after as many attempts as allowed", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  let calls = 0;
  const inbox = reader.start({
    retry: { attempts: 2, baseMs: 1, capMs: 1 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          calls += 1;
          throw new AppError("HANDLER_FAILED", "never", { retryable: true });
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([orderCreated()]);
  await waitFor(() => inbox.status().held.PARKED === 1, { what: "the event to be parked" });
  expect([calls, reader.nextOffset()]).toEqual([2, 1]);
  expect(reader.rows("SELECT state, lastError, attempts FROM held_events")).toEqual([
    { state: "PARKED", lastError: "never", attempts: 2 },
  ]);
  expect(reader.effects()).toEqual([]);
});

const withHeader = (record: RawRecord, name: string, value?: string): RawRecord => {
  const { [name]: _, ...headers } = record.headers;
  return { ...record, headers: value === undefined ? headers : { ...headers, [name]: value } };
};

test.concurrent("every malformed record is parked at once, with what can be told of it", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const malformed: [reason: RegExp, spoil: (record: RawRecord) => RawRecord][] = [
    [/value is not JSON/, (record) => ({ ...record, value: "{" })],
    [/value is missing/, (record) => ({ ...record, value: null })],
    [/value is not UTF-8/, (record) => ({ ...record, value: Buffer.from([0xff, 0xfe]) })],
    [/amount/, (record) => ({ ...record, value: '{"amount": -1}' })],
    [/ce_time is missing/, (record) => withHeader(record, "ce_time")],
    [/ce_type is missing/, (record) => withHeader(record, "ce_type")],
    [/ce_id is missing/, (record) => withHeader(record, "ce_id")],
    [/ce_specversion must be 1.0/, (record) => withHeader(record, "ce_specversion", "0.3")],
    [/key is missing/, (record) => ({ ...record, key: null })],
    [/key must be/, (record) => ({ ...record, key: Buffer.from([0xff]) })],
    [/ce_specversion is missing/, (record) => ({ ...record, key: null, headers: {} })],
  ];
  const events = malformed.map(() => orderCreated());
  const good = orderCreated();
  const inbox = reader.start();
  await stream.publish([
    ...malformed.map(([, spoil], i) => spoil(toRecord(events[i] as AnyEvent))),
    good,
  ]);
  await waitFor(() => reader.nextOffset() === malformed.length + 1, { what: "the topic's end" });
  expect(reader.effects()).toEqual([good.id]);
  const held = reader.rows<{ lastError: string; eventId: string | null }>(
    'SELECT * FROM held_events ORDER BY "offset"',
  );
  expect(held.map(({ lastError }) => lastError)).toEqual(
    malformed.map(([reason]) => expect.stringMatching(reason)),
  );
  const ids = events.map(({ id }) => id);
  expect(held.map(({ eventId }) => eventId)).toEqual(
    ids.map((id, i) => ([6, 10].includes(i) ? null : id)),
  );
  for (const row of held) expect(row).toMatchObject({ state: "PARKED", attempts: 1 });
  expect(inbox.status().held).toEqual({ PARKED: malformed.length });
});

test.concurrent("a malformed event parks alone: its order goes on, and so do the orders of others", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [broken, nameless, keyless] = [orderCreated(), orderCreated(), orderCreated()];
  const inbox = reader.start();
  await stream.publish([
    { ...toRecord(broken), value: "{" },
    withHeader(toRecord(nameless), "ce_id"),
    { ...toRecord(keyless), key: null },
  ]);
  const later = [broken, nameless, keyless].map(({ subject }) => paymentSucceeded(subject));
  await stream.publish(later);
  await waitFor(() => reader.nextOffset() === 6, { what: "the end of the topic" });
  expect(reader.effects().toSorted()).toEqual(later.map(({ id }) => id).toSorted());
  expect(inbox.status().held).toEqual({ PARKED: 3 });
});

test.concurrent("an event that contradicts parks alone, also when it had waited behind another", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [first, second, result] = [orderCreated(), orderCreated(), paymentSucceeded("")];
  second.subject = second.data.orderId = first.subject;
  const last = { ...result, subject: first.subject };
  last.data.orderId = first.subject;
  let passes = false;
  const inbox = reader.start({
    retry: { attempts: 10_000, baseMs: 5, capMs: 20 },
    handlers: {
      ORDER_CREATED: {
        async prepare(event: AnyEvent) {
          if (event.id === second.id) throw new AppError("EVENT_CONTRADICTS", "a second one");
          if (!passes) throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
        },
        decide: reader.leaveRow,
      },
      PAYMENT_SUCCEEDED: { decide: reader.leaveRow },
    },
  });
  await stream.publish([first, second, last]);
  await waitFor(() => inbox.status().held.BEHIND === 2, { what: "the others to wait behind it" });
  passes = true;
  await waitFor(() => reader.effects().length === 2, { what: "the others to take effect" });
  expect(reader.effects()).toEqual([first.id, last.id]);
  expect(inbox.status().held).toEqual({ PARKED: 1 });
  expect(reader.rows("SELECT eventId, eventKey, errorCode FROM held_events")).toEqual([
    { eventId: second.id, eventKey: null, errorCode: "EVENT_CONTRADICTS" },
  ]);
});

test.concurrent("an event of another topic or source than its type has is parked, and never worked", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const inbox = reader.start({
    events: {
      ...ANYWHERE,
      isFromOrigin: ({ source, type }, topic) =>
        source === "/tests" && (type === "ORDER_CREATED" ? topic === stream.topics[0] : false),
    },
  });
  const good = orderCreated();
  const foreign = { ...orderCreated(), source: "/elsewhere" };
  const wrongTopic = paymentSucceeded(good.subject);
  await stream.publish([foreign, wrongTopic, good]);
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([good.id]);
  expect(inbox.status().held).toEqual({ PARKED: 2 });
  expect(
    reader.rows("SELECT eventId, eventSource, eventKey, errorCode FROM held_events ORDER BY id"),
  ).toEqual([
    {
      eventId: foreign.id,
      eventSource: "/elsewhere",
      eventKey: null,
      errorCode: "EVENT_MISPLACED",
    },
    { eventId: wrongTopic.id, eventSource: "/tests", eventKey: null, errorCode: "EVENT_MISPLACED" },
  ]);
});

test.concurrent("a reader takes no event from a topic that the event map does not name", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const inbox = reader.start({ events: EVENTS });
  await stream.publish([{ ...orderCreated(), source: "/order-service" }]);
  await waitFor(() => inbox.status().held.PARKED === 1, { what: "the event to be parked" });
  expect(reader.rows("SELECT lastError FROM held_events")).toEqual([
    {
      lastError: `ORDER_CREATED comes from /order-service on order_created, not from /order-service on ${stream.topics[0]}`,
    },
  ]);
});

test.concurrent("of a record with headers of any size, table and log have a bounded part", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const good = toRecord(orderCreated());
  const huge = "\u001b[2J".repeat(5_000);
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`x-${i}`, "x".repeat(300)]),
  );
  const spoilt = ["ce_id", "ce_type", "ce_source", "ce_subject", "traceparent", "x-other"];
  reader.start({ handlers: { ORDER_CREATED: { decide: reader.leaveRow } } });
  const records = [
    ...spoilt.map((name) => withHeader(good, name, huge)),
    { ...good, key: huge, headers: { ...many, ...good.headers } },
    { ...good, headers: { ...good.headers, ...many, ["n".repeat(10_000)]: "x" } },
  ];
  for (const record of records) await stream.publish([record]);
  await waitFor(() => reader.nextOffset() === records.length, { what: "the end of the topic" });
  const held = reader.rows<{ bytes: number; eventId: string | null }>(
    `SELECT length(headers) + length(key) + length(value) + length(lastError) AS bytes, eventId
     FROM held_events`,
  );
  expect(held).toHaveLength(5);
  for (const { bytes } of held) expect(bytes).toBeLessThan(12_000);
  expect(reader.effects()).toHaveLength(1);
  for (const line of reader.logged) {
    const text = JSON.stringify(line);
    expect(text.length).toBeLessThan(1_000);
    expect(text).not.toContain("u001b");
  }
});

test.concurrent("an event that was held with many headers of a stranger still takes effect", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  let calls = 0;
  reader.start({
    retry: { attempts: 3, baseMs: 1, capMs: 1 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          calls += 1;
          if (calls === 1) throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
        },
        decide: reader.leaveRow,
      },
    },
  });
  const event = orderCreated();
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, "x"]));
  const record = toRecord(event);
  await stream.publish([{ ...record, headers: { ...many, ...record.headers } }]);
  await waitFor(() => reader.effects().length === 1, { what: "the second attempt" });
  expect(reader.effects()).toEqual([event.id]);
});
