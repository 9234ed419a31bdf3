import { expect, test } from "bun:test";
import type { AnyEvent } from "@order-outbox/contracts";
import { AppError } from "@order-outbox/errors";
import { waitFor } from "@order-outbox/testing";
import { sql } from "@order-outbox/units";
import { hold } from "./mod.ts";
import { openReader, openStream, orderCreated, recordEffect } from "./test-inbox.ts";

const idsOf = (events: readonly AnyEvent[]) => events.map(({ id }) => id).toSorted();

test.concurrent("when one event of many fails, each is decided once and told once, after its COMMIT", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = Array.from({ length: 20 }, () => orderCreated());
  const bad = events[7]?.id;
  const decided: string[] = [];
  const told: string[] = [];
  const toldEarly: string[] = [];
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        decide(event: AnyEvent) {
          decided.push(event.id);
          // What is wrong shows in the transaction alone.
          const orphan = sql({ statement: "INSERT INTO effects (eventId) VALUES (NULL)" });
          return event.id === bad ? [recordEffect(event), orphan] : [recordEffect(event)];
        },
        done({ id }: AnyEvent) {
          told.push(id);
          if (!reader.effects().includes(id)) toldEarly.push(id);
        },
      },
    },
  });
  await stream.publish(events);
  await waitFor(() => inbox.status().processed === 19, { what: "the good events" });
  await waitFor(() => inbox.status().parked === 1, { what: "the bad event to be parked" });
  const good = idsOf(events.filter(({ id }) => id !== bad));
  expect(decided.toSorted()).toEqual(idsOf(events));
  expect(told.toSorted()).toEqual(good);
  expect(toldEarly).toEqual([]);
  expect(reader.effects().toSorted()).toEqual(good);
});

test.concurrent("what a decision keeps of an event that it holds is stored with that", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const event = orderCreated();
  const failure = new AppError("HANDLER_FAILED", "half of it", { retryable: true });
  const inbox = reader.start({
    retry: { attempts: 2, baseMs: 1, capMs: 1 },
    handlers: { ORDER_CREATED: { decide: (one: AnyEvent) => hold(failure, [recordEffect(one)]) } },
  });
  await stream.publish([event]);
  await waitFor(() => inbox.status().held.PARKED === 1, { what: "the last attempt" });
  expect(reader.effects()).toEqual([event.id, event.id]);
  expect(reader.rows("SELECT * FROM inbox")).toEqual([]);
  expect(inbox.status()).toMatchObject({ retries: 1, parked: 1, processed: 0 });
});

test.concurrent("an effect that is refused parks its event, and says what was refused", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const refusing = sql({ statement: "DELETE FROM effects WHERE eventId = 'nobody'", rows: 1 });
  const inbox = reader.start({ handlers: { ORDER_CREATED: { decide: () => [refusing] } } });
  await stream.publish([orderCreated()]);
  await waitFor(() => inbox.status().parked === 1, { what: "the event to be parked" });
  expect(reader.rows("SELECT errorCode, lastError FROM held_events")).toEqual([
    { errorCode: "HANDLER_FAILED", lastError: 'its effect "sql" was refused' },
  ]);
});

test.concurrent("a handler that fails when it is told changes nothing", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const [first, second] = [orderCreated(), orderCreated()];
  const inbox = reader.start({
    handlers: {
      ORDER_CREATED: {
        decide: (event: AnyEvent) => [recordEffect(event)],
        done() {
          throw new Error("the log is full");
        },
      },
    },
  });
  await stream.publish([first, second]);
  await waitFor(() => inbox.status().processed === 2, { what: "both events" });
  expect(reader.effects().toSorted()).toEqual(idsOf([first, second]));
  expect(inbox.status()).toMatchObject({ parked: 0, retries: 0 });
  const errors = reader.logged.filter(({ level }) => level === "error");
  expect(errors.map(({ message }) => message)).toEqual([
    "an event took effect, and its handler failed after it",
    "an event took effect, and its handler failed after it",
  ]);
});

test.concurrent("two consumers of one database know nothing of each other: both apply all", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  const events = Array.from({ length: 30 }, () => orderCreated());
  const [bad] = events;
  const poisonous = {
    decide(event: AnyEvent) {
      if (event.id === bad?.id) throw new AppError("HANDLER_FAILED", "poison");
      return [recordEffect(event)];
    },
  };
  const first = reader.start();
  const second = reader.start({
    groupId: `${stream.groupId}-second`,
    handlers: { ORDER_CREATED: poisonous },
  });
  await stream.publish([...events, ...events]);
  await waitFor(() => first.status().processed === 30 && first.status().duplicates === 30, {
    what: "the first to know all events",
  });
  await waitFor(() => second.status().processed === 29 && second.status().held.BEHIND === 1, {
    what: "the second to know all events",
  });
  expect(reader.effects()).toHaveLength(59);
  expect(first.status().held).toEqual({});
  expect(second.status().held).toEqual({ PARKED: 1, BEHIND: 1 });
  const rows = "SELECT consumer, count(*) AS count FROM inbox GROUP BY consumer ORDER BY consumer";
  expect(reader.rows(rows)).toEqual([
    { consumer: stream.groupId, count: 30 },
    { consumer: `${stream.groupId}-second`, count: 29 },
  ]);
  const offsets = "SELECT nextOffset FROM consumer_offsets WHERE topic LIKE 'inbox-a%'";
  await waitFor(
    () => reader.rows<{ nextOffset: number }>(offsets).every((row) => row.nextOffset === 60),
    { what: "both offsets" },
  );
});
