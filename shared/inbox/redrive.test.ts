import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { waitFor } from "@order-outbox/testing";
import { hold, type Inbox, type OperatorRequest } from "./mod.ts";
import {
  openReader,
  openStream,
  orderCreated,
  paymentSucceeded,
  type Reader,
  toRecord,
} from "./test-inbox.ts";

/** Writes an operator's request as the command line does, and waits for its outcome. */
async function ask(
  reader: Reader,
  kind: OperatorRequest["kind"],
  target: object,
  reason: string | null = null,
): Promise<unknown> {
  const { lastInsertRowid } = reader.db.run(
    "INSERT INTO operator_requests (kind, target, reason, requestedAt) VALUES (?, ?, ?, '')",
    [kind, JSON.stringify(target), reason],
  );
  const { outcome } = await waitFor(
    () =>
      reader.rows<{ outcome: string | null }>(
        `SELECT outcome FROM operator_requests WHERE id = ${lastInsertRowid} AND finishedAt > ''`,
      )[0],
    { what: "the request to be carried out" },
  );
  return JSON.parse(outcome ?? "null");
}

const states = (reader: Reader): Record<string, number> =>
  Object.fromEntries(
    reader
      .rows<{ state: string; count: number }>(
        "SELECT state, count(*) AS count FROM held_events GROUP BY state",
      )
      .map(({ state, count }) => [state, count]),
  );

/** A handler that fails for one order until it is mended, and says when. */
function poisonous(reader: Reader, orderId: string) {
  const poison = { mended: false };
  const decide: Reader["leaveRow"] = (event) => {
    if (event.subject === orderId && !poison.mended) throw new AppError("HANDLER_FAILED", "poison");
    return reader.leaveRow(event);
  };
  return { poison, decide };
}

/** Of ten events each. */
const KEYS = process.env.PROOF === "full" ? 1_000 : 100;

test.concurrent("one poisoned event among many holds back nine of its key and nothing else", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const keys = Array.from({ length: KEYS }, () => crypto.randomUUID());
  const events = Array.from({ length: 10 }, () => keys.map((key) => orderCreated(key))).flat();
  const [bad = ""] = keys;
  const { poison, decide } = poisonous(reader, bad);
  const inbox = reader.start({ handlers: { ORDER_CREATED: { decide } } });
  for (let from = 0; from < events.length; from += 1_000) {
    await stream.publish(events.slice(from, from + 1_000));
  }

  await waitFor(() => inbox.status().processed === events.length - 10, {
    what: "all other keys to flow",
    timeoutMs: 20_000,
  });
  await waitFor(() => reader.nextOffset() === events.length, { what: "the end of the topic" });
  expect(states(reader)).toEqual({ PARKED: 1, BEHIND: 9 });

  poison.mended = true;
  expect(await ask(reader, "REDRIVE", { eventKey: bad })).toEqual({ redriven: 10, remaining: 0 });
  const ofBad = events.filter(({ subject }) => subject === bad).map(({ id }) => id);
  expect(reader.effects().slice(-10)).toEqual(ofBad);
  expect(states(reader)).toEqual({});
});

test.concurrent("a redrive stops at the first failure and leaves the rest in their order", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const orderId = crypto.randomUUID();
  const { decide } = poisonous(reader, orderId);
  reader.start({ handlers: { ORDER_CREATED: { decide } } });
  await stream.publish([orderCreated(orderId), orderCreated(orderId)]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  expect(await ask(reader, "REDRIVE", { eventKey: orderId })).toEqual({
    redriven: 0,
    remaining: 2,
    error: "poison",
  });
  expect(states(reader)).toEqual({ PARKED: 1, BEHIND: 1 });
});

test.concurrent("a failure that passes is tried again, and its key goes on in order by itself", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const orderId = crypto.randomUUID();
  const events = [orderCreated(orderId), orderCreated(orderId), orderCreated(orderId)];
  let failures = 3;
  reader.start({
    retry: { attempts: 10, baseMs: 5, capMs: 20 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          failures -= 1;
          if (failures >= 0) throw new AppError("HANDLER_FAILED", "busy", { retryable: true });
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish(events);
  await waitFor(() => reader.effects().length === 3, { what: "three effects" });
  expect(reader.effects()).toEqual(events.map(({ id }) => id));
  expect(states(reader)).toEqual({});
});

test.concurrent("held events of a database that is opened again go on where they were", async () => {
  await using stream = await openStream();
  const orderId = crypto.randomUUID();
  const events = [orderCreated(orderId), orderCreated(orderId)];
  {
    await using reader = openReader(stream);
    const failing = {
      prepare: () => Promise.reject(new AppError("HANDLER_FAILED", "busy", { retryable: true })),
      decide: reader.leaveRow,
    };
    reader.start({
      retry: { attempts: 100, baseMs: 60_000, capMs: 60_000 },
      handlers: { ORDER_CREATED: failing },
    });
    await stream.publish(events);
    await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
    expect(states(reader)).toEqual({ RETRYING: 1, BEHIND: 1 });
    reader.db.run("UPDATE held_events SET nextAttemptAt = '2020' WHERE nextAttemptAt IS NOT NULL");
  }
  await using reader = openReader(stream);
  reader.start();
  await waitFor(() => reader.effects().length === 2, { what: "both effects" });
  expect(reader.effects()).toEqual(events.map(({ id }) => id));
});

test.concurrent("events behind one that was finished just before a crash go on after it", async () => {
  await using stream = await openStream();
  const orderId = crypto.randomUUID();
  const events = [orderCreated(orderId), orderCreated(orderId)];
  {
    await using reader = openReader(stream);
    const { decide } = poisonous(reader, orderId);
    reader.start({ handlers: { ORDER_CREATED: { decide } } });
    await stream.publish(events);
    await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
    // What the transaction that finishes it leaves, when the process dies right after.
    reader.db.run("DELETE FROM held_events WHERE state = 'PARKED'");
    expect(states(reader)).toEqual({ BEHIND: 1 });
  }
  await using reader = openReader(stream);
  reader.start();
  await waitFor(() => reader.effects().length === 1, { what: "the event behind it" });
  expect(reader.effects()).toEqual(events.slice(1).map(({ id }) => id));
});

test.concurrent("a redrive of one event runs it only when it stands first of its key", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const orderId = crypto.randomUUID();
  const { poison, decide } = poisonous(reader, orderId);
  reader.start({ handlers: { ORDER_CREATED: { decide } } });
  const [first, second] = [orderCreated(orderId), orderCreated(orderId)];
  await stream.publish([first, second]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  const heldId = (state: string) =>
    reader.rows<{ id: number }>(`SELECT id FROM held_events WHERE state = '${state}'`)[0]?.id;

  poison.mended = true;
  expect(await ask(reader, "REDRIVE", { heldId: heldId("BEHIND") })).toMatchObject({ redriven: 0 });
  expect([reader.effects(), states(reader)]).toEqual([[], { PARKED: 1, BEHIND: 1 }]);
  expect(await ask(reader, "REDRIVE", { heldId: heldId("PARKED") })).toMatchObject({ redriven: 1 });
  expect(reader.effects()[0]).toBe(first.id);
});

test.concurrent("a redrive of a key does not run an event that waits for its predecessor", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const payment = paymentSucceeded(crypto.randomUUID());
  const inbox = reader.start({
    handlers: { PAYMENT_SUCCEEDED: { isReady: () => false, decide: reader.leaveRow } },
  });
  await stream.publish([payment]);
  await waitFor(() => inbox.status().held.WAITING === 1, { what: "the payment to wait" });
  expect(await ask(reader, "REDRIVE", { eventKey: payment.subject })).toMatchObject({
    redriven: 0,
  });
  expect([reader.effects(), states(reader)]).toEqual([[], { WAITING: 1 }]);
});

test.concurrent("an event that comes before its predecessor waits for it, across topics", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const order = orderCreated();
  const payment = paymentSucceeded(order.subject);
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: { decide: reader.leaveRow },
      PAYMENT_SUCCEEDED: {
        isReady: () => reader.effects().includes(order.id),
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([payment], stream.topics[1]);
  await waitFor(() => inbox.status().held.WAITING === 1, { what: "the payment to wait" });
  await stream.publish([order]);
  await waitFor(() => reader.effects().length === 2, { what: "both effects" });
  expect(reader.effects()).toEqual([order.id, payment.id]);
  expect(states(reader)).toEqual({});
});

test.concurrent("an event that waits is not ready by half of its predecessor's effects", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const order = orderCreated();
  const payment = paymentSucceeded(order.subject);
  const busy = new AppError("HANDLER_FAILED", "half of it is done", { retryable: true });
  let failures = 1;
  const inbox = reader.start({
    retry: { attempts: 3, baseMs: 5, capMs: 20 },
    handlers: {
      ORDER_CREATED: {
        decide: (event) =>
          failures-- > 0 ? hold(busy, reader.leaveRow(event)) : reader.leaveRow(event),
      },
      PAYMENT_SUCCEEDED: {
        isReady: () => reader.effects().includes(order.id),
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([payment], stream.topics[1]);
  await waitFor(() => inbox.status().held.WAITING === 1, { what: "the payment to wait" });
  await stream.publish([order]);
  await waitFor(() => reader.effects().length === 3, { what: "all effects" });
  expect(reader.effects()).toEqual([order.id, order.id, payment.id]);
  expect(states(reader)).toEqual({});
});

test.concurrent("a discarded event never takes effect, is on record, and frees its key", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const orderId = crypto.randomUUID();
  const [first, second] = [orderCreated(orderId), orderCreated(orderId)];
  let mended = false;
  const decide: Reader["leaveRow"] = (event) => {
    if (event.id === first.id && !mended) throw new AppError("HANDLER_FAILED", "poison");
    return reader.leaveRow(event);
  };
  reader.start({ handlers: { ORDER_CREATED: { decide } } });
  await stream.publish([first, second]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  const [held] = reader.rows<{ id: number }>("SELECT id FROM held_events WHERE state = 'PARKED'");

  expect(await ask(reader, "DISCARD", { heldId: held?.id })).toMatchObject({
    error: "a discard needs a reason",
  });
  expect(await ask(reader, "DISCARD", { heldId: held?.id }, "test order")).toEqual({
    discarded: 1,
  });
  await waitFor(() => reader.effects().length === 1, { what: "the second event" });
  expect(reader.effects()).toEqual([second.id]);
  expect(reader.rows("SELECT action, reason FROM operator_audit")).toEqual([
    { action: "DISCARD", reason: "test order" },
  ]);
  // It would take effect now, if only the inbox did not know it.
  mended = true;
  await stream.publish([first, orderCreated()]);
  await waitFor(() => reader.nextOffset() === 4, { what: "the repetition" });
  expect(reader.effects()).not.toContain(first.id);
});

test.concurrent("a refused record that is discarded claims no identity: the real event takes effect", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  reader.start();
  await stream.publish([{ ...toRecord(event), value: "{}" }]);
  await waitFor(() => reader.nextOffset() === 1, { what: "the end of the topic" });
  const [held] = reader.rows<{ id: number }>("SELECT id FROM held_events");
  expect(await ask(reader, "DISCARD", { heldId: held?.id }, "a stranger's")).toEqual({
    discarded: 1,
  });
  expect(reader.rows("SELECT * FROM held_events")).toEqual([]);
  await stream.publish([event]);
  await waitFor(() => reader.effects().length === 1, { what: "the real event" });
  expect(reader.effects()).toEqual([event.id]);
});

test.concurrent("an offset that an operator resets is read again, and known events are skipped", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const inbox: Inbox = reader.start();
  await stream.publish([orderCreated(), orderCreated()]);
  await waitFor(() => reader.nextOffset() === 2, { what: "the end of the topic" });
  const target = { topic: stream.topics[0], partition: 0, to: "earliest" };
  expect(await stream.hurry(ask(reader, "RESET_OFFSET", target))).toEqual({ offset: 0 });
  await waitFor(() => inbox.status().duplicates === 2, { what: "both events again" });
  expect(reader.effects()).toHaveLength(2);
  expect(
    await stream.hurry(ask(reader, "RESET_OFFSET", { ...target, topic: "nowhere" })),
  ).toMatchObject({
    code: "TOPIC_MISSING",
  });
});

test.concurrent("an offset that the partition does not have is refused, and consuming goes on", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  reader.start();
  await stream.publish([orderCreated()]);
  await waitFor(() => reader.nextOffset() === 1, { what: "the end of the topic" });
  const target = { topic: stream.topics[0], partition: 0, to: 2 };
  expect(await stream.hurry(ask(reader, "RESET_OFFSET", target))).toEqual({
    code: "OFFSET_OUT_OF_RANGE",
    error: `${stream.topics[0]}/0 can be read from 0 to 1, not from 2`,
  });
  await stream.publish([orderCreated()]);
  await waitFor(() => reader.effects().length === 2, { what: "the next event" });
  expect(await stream.hurry(ask(reader, "RESET_OFFSET", { ...target, to: 1 }))).toEqual({
    offset: 1,
  });
});
