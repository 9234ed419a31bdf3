import { expect, test } from "bun:test";
import type { AnyEvent } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { createCommitQueue } from "@order-outbox/sqlite";
import { waitFor } from "@order-outbox/testing";
import { sql, type Units } from "@order-outbox/units";
import { openReader, openStream, orderCreated, type Reader } from "./test-inbox.ts";

const UNLIMITED = 1_000_000;

function limitPages(reader: Reader, pages: number): void {
  reader.db.run(`PRAGMA max_page_count = ${pages}`);
}

function withRoomFor(reader: Reader, kilobytes: number): void {
  const [size] = reader.rows<{ page_count: number }>("PRAGMA page_count");
  limitPages(reader, (size?.page_count ?? 0) + kilobytes / 4);
}

/** An effect of 64 KiB. */
const BIG_EFFECT = {
  decide: ({ id }: AnyEvent) => [
    sql({
      statement: "INSERT INTO effects (eventId, text) VALUES (?, hex(randomblob(32768)))",
      parameters: [id],
    }),
  ],
};

const trouble = (reader: Reader) =>
  reader.logged.filter(({ message }) => message.startsWith("a database takes no writes"));

test.concurrent("events that meet a full database wait for room and then take effect once", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = Array.from({ length: 5 }, () => orderCreated());
  withRoomFor(reader, 160);
  const inbox = reader.start({ handlers: { ORDER_CREATED: BIG_EFFECT } });
  await stream.publish(events);
  await waitFor(() => trouble(reader).length > 0, { what: "the database to be full" });
  expect(reader.effects().length).toBeLessThan(5);
  expect(trouble(reader)[0]?.fields).toEqual({ code: "STORAGE_FULL" });

  limitPages(reader, UNLIMITED);
  await waitFor(() => reader.nextOffset() === 5, { what: "the end of the topic" });
  expect(reader.effects().toSorted()).toEqual(events.map(({ id }) => id).toSorted());
  expect(inbox.status()).toMatchObject({ processed: 5, duplicates: 0, parked: 0, held: {} });
  const words = reader.logged.map(({ message }) => message);
  expect(words.filter((message) => message.includes("database"))).toEqual([
    "a database takes no writes; trying again",
    "no event waits for a database any more",
  ]);
});

test.concurrent("an inbox that is stopped while its database is full reads again later", async () => {
  await using stream = await openStream();
  const events = Array.from({ length: 3 }, () => orderCreated());
  {
    await using reader = openReader(stream);
    withRoomFor(reader, 16);
    const inbox = reader.start({ handlers: { ORDER_CREATED: BIG_EFFECT } });
    await stream.publish(events);
    await waitFor(() => trouble(reader).length > 0, { what: "the database to be full" });
    await inbox.stop();
    expect(reader.effects()).toEqual([]);
    expect(reader.nextOffset() ?? 0).toBe(0);
    limitPages(reader, UNLIMITED);
  }
  await using reader = openReader(stream);
  reader.start({ handlers: { ORDER_CREATED: BIG_EFFECT } });
  await waitFor(() => reader.nextOffset() === 3, { what: "the end of the topic" });
  expect(reader.effects().toSorted()).toEqual(events.map(({ id }) => id).toSorted());
});

test.concurrent("an overloaded commit queue is no event's fault", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  const overloaded = createCommitQueue(reader.db, { limit: 0 });
  let refusals = 0;
  const commit: Units["commit"] = (unit) => {
    refusals += 1;
    return refusals < 3 ? overloaded.commit({ effects: [] }) : reader.queue.commit(unit);
  };
  const inbox = reader.start({ units: { commit } });
  await stream.publish([event]);
  await waitFor(() => reader.nextOffset() === 1, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([event.id]);
  expect(inbox.status()).toMatchObject({ processed: 1, retries: 0, parked: 0, held: {} });
  await overloaded.close();
});

test.concurrent("a full disk while an event is prepared is no fault of the event's", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  let calls = 0;
  const inbox = reader.start({
    retry: { attempts: 1, baseMs: 1, capMs: 1 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          calls += 1;
          if (calls < 3) throw new AppError("STORAGE_FULL", "the ledger is full");
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([event]);
  await waitFor(() => reader.nextOffset() === 1, { what: "the end of the topic" });
  expect(reader.effects()).toEqual([event.id]);
  expect(inbox.status()).toMatchObject({ processed: 1, parked: 0, held: {} });
});
