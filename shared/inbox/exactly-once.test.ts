import { expect, test } from "bun:test";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { AnyEvent } from "@order-outbox/contracts";
import { waitFor } from "@order-outbox/testing";
import { INBOX_CRASH_POINTS, type InboxCrashPoint } from "./mod.ts";
import { openReader, openStream, orderCreated, paymentSucceeded, toRecord } from "./test-inbox.ts";

test.concurrent("an event takes effect in one transaction with its inbox row and offset", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  const seenInside: unknown[] = [];
  const look = (message: unknown) => {
    const { step, eventId } = message as InboxCrashPoint;
    if (step !== "inside" || eventId !== event.id) return;
    seenInside.push(reader.db.inTransaction, reader.effects());
    seenInside.push(reader.rows("SELECT eventId FROM inbox"), stored.rows("SELECT * FROM effects"));
  };
  await using stored = openReader(stream);
  subscribe(INBOX_CRASH_POINTS, look);
  const inbox = reader.start();
  await stream.publish([event]);
  await waitFor(() => inbox.status().processed === 1, { what: "the event to be processed" });
  unsubscribe(INBOX_CRASH_POINTS, look);
  expect(seenInside).toEqual([true, [event.id], [{ eventId: event.id }], []]);
  expect(reader.effects()).toEqual([event.id]);
  expect(reader.rows("SELECT * FROM inbox")).toEqual([
    {
      eventId: event.id,
      source: "/tests",
      consumer: stream.groupId,
      eventType: "ORDER_CREATED",
      topic: stream.topics[0],
      partition: 0,
      offset: 0,
      processedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ]);
  expect(reader.nextOffset()).toBe(1);
});

test.concurrent("an event that was published again is neither prepared nor applied again", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [twice, other] = [orderCreated(), orderCreated()];
  const prepared: string[] = [];
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        prepare: async ({ id }: AnyEvent) => void prepared.push(id),
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([twice, twice, other]);
  await stream.publish([twice], stream.topics[1]);
  await waitFor(() => inbox.status().duplicates === 2, { what: "both repeats to be read" });
  await waitFor(() => inbox.status().processed === 2, { what: "both events" });
  for (const ids of [prepared, reader.effects()]) {
    expect(ids.toSorted()).toEqual([twice.id, other.id].toSorted());
  }
  expect(reader.nextOffset()).toBe(3);
  expect(inbox.status().held).toEqual({});
});

test.concurrent("two events of one id that are worked on at once take effect once", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const first = orderCreated();
  const second = { ...orderCreated(), id: first.id };
  const both = Promise.withResolvers<void>();
  let prepared = 0;
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          prepared += 1;
          if (prepared === 2) both.resolve();
          await both.promise;
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([first, second]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([first.id]);
  expect(inbox.status()).toMatchObject({ processed: 1, duplicates: 1 });
});

test.concurrent("types that are unknown or have no handler are skipped, counted and told once", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const order = orderCreated();
  const unknown = toRecord(orderCreated());
  unknown.headers.ce_type = "ORDER_TELEPORTED";
  const inbox = reader.start({ handlers: { ORDER_CREATED: { decide: reader.leaveRow } } });
  await stream.publish([unknown, unknown, paymentSucceeded(order.subject), order]);
  await waitFor(() => reader.nextOffset() === 4, { what: "the end of the topic" });
  expect(inbox.status()).toMatchObject({ skipped: 3, unknown: 2, processed: 1, held: {}, lag: 0 });
  expect(reader.logged.filter(({ level }) => level === "warn")).toEqual([
    {
      level: "warn",
      fields: { eventType: "ORDER_TELEPORTED" },
      message: "events of this type are not known here, and are skipped",
    },
  ]);
  expect(reader.effects()).toEqual([order.id]);
});

test.concurrent("events of one order run in order across topics, those of others beside them", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [slow, quick] = [orderCreated(), orderCreated()];
  const payment = paymentSucceeded(slow.subject);
  const gate = Promise.withResolvers<void>();
  using _opened = { [Symbol.dispose]: () => gate.resolve() };
  const entered: string[] = [];
  const handler = {
    async prepare({ id }: AnyEvent) {
      entered.push(id);
      if (id === slow.id) await gate.promise;
    },
    decide: reader.leaveRow,
  };
  const inbox = reader.start({
    handlers: { ORDER_CREATED: handler, PAYMENT_SUCCEEDED: handler },
  });
  await stream.publish([slow]);
  await waitFor(() => entered.includes(slow.id), { what: "the slow order to be worked on" });
  await stream.publish([payment], stream.topics[1]);
  await waitFor(() => inbox.status().inFlight === 2, { what: "its payment to wait" });
  await stream.publish([quick]);
  await waitFor(() => reader.effects().length === 1, { what: "the quick order" });
  expect(entered).toEqual([slow.id, quick.id]);
  expect(reader.nextOffset()).toBe(0);

  gate.resolve();
  await waitFor(() => reader.effects().length === 3, { what: "the slow order and its payment" });
  expect(reader.effects()).toEqual([quick.id, slow.id, payment.id]);
  expect(reader.nextOffset()).toBe(2);
  expect(reader.nextOffset(stream.topics[1])).toBe(1);
});

test.concurrent("no more events are taken over at once than allowed, and none is left behind", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = Array.from({ length: 30 }, () => orderCreated());
  let running = 0;
  let most = 0;
  const inbox = reader.start({
    concurrency: 3,
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          running += 1;
          most = Math.max(most, running, inbox.status().inFlight);
          await Bun.sleep(1);
          running -= 1;
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish(events);
  await waitFor(() => reader.nextOffset() === 30, { what: "the end of the topic" });
  expect(most).toBe(3);
  expect(reader.effects().toSorted()).toEqual(events.map(({ id }) => id).toSorted());
});

test.concurrent("an event is known by its source and its id together", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  const another = { ...orderCreated(), id: event.id, source: "/elsewhere" };
  const inbox = reader.start();
  await stream.publish([event, another, another, event]);
  await waitFor(() => reader.nextOffset() === 4, { what: "the end of the topic" });
  expect(inbox.status()).toMatchObject({ processed: 2, duplicates: 2, held: {} });
  expect(reader.rows("SELECT source FROM inbox WHERE eventId > '' ORDER BY source")).toEqual([
    { source: "/elsewhere" },
    { source: "/tests" },
  ]);
});
