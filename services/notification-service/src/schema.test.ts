import { expect, test } from "bun:test";
import { followUpEventId } from "@order-outbox/events";
import { CHANNEL_NAMES, type ChannelName } from "@order-outbox/outside-world";
import {
  closeDatabase,
  createCommitQueue,
  type Database,
  migrate,
  openDatabase,
} from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { recordSent } from "./notification-store.ts";
import { createNotificationStore, notificationWriter } from "./sqlite/notification-store.ts";
import { MIGRATIONS } from "./sqlite/schema.ts";

const ROW_PER_EVENT = MIGRATIONS.findIndex(
  ({ name }) => name === "keep one row per notified event",
);

const [first, half] = [crypto.randomUUID(), crypto.randomUUID()];
const at = (seconds: number) => `2026-01-01T00:00:0${seconds}.000Z`;

/** In the order in which a service of the time before has recorded them. */
const OLD: [eventId: string, orderId: string, type: string, channels: ChannelName[], at: string][] =
  [
    ["created", first, "ORDER_CREATED", ["EMAIL", "SMS", "PUSH"], at(1)],
    ["half", half, "ORDER_CREATED", ["EMAIL", "PUSH"], at(2)],
    ["mended", first, "PAYMENT_FAILED", ["SMS"], at(3)],
    ["mended", first, "PAYMENT_FAILED", ["EMAIL", "PUSH"], at(4)],
  ];

/** A database of the time when each notification was a row, after some were pruned. */
function openOld(path: string, pruned: number): Database {
  const db = openDatabase(path);
  migrate(db, MIGRATIONS.slice(0, ROW_PER_EVENT));
  const insert = db.prepare(
    `INSERT INTO notifications (id, eventId, orderId, eventType, channel, status, createdAt)
     VALUES (?, ?, ?, ?, ?, 'SENT', ?)`,
  );
  const record = (eventId: string, orderId: string, type: string, name: string, time: string) =>
    insert.run(followUpEventId(eventId, name), eventId, orderId, type, name, time);
  for (let i = 0; i < pruned; i++) {
    for (const name of CHANNEL_NAMES) record(`gone-${i}`, "gone", "PAYMENT_FAILED", name, at(0));
  }
  db.run("DELETE FROM notifications");
  for (const [eventId, orderId, type, names, time] of OLD) {
    for (const name of names) record(eventId, orderId, type, name, time);
  }
  return db;
}

test("the notifications of the time when each was a row of its own are all found again", async () => {
  using dir = tempDir();
  const db = openOld(dir.join("notifications.db"), 4);
  const before = db
    .query<{ id: string }, []>(
      "SELECT id, orderId, eventType, channel, status, createdAt FROM notifications ORDER BY seq",
    )
    .all();
  migrate(db, MIGRATIONS);
  const store = createNotificationStore(db, createCommitQueue(db));

  const listed = await store.list({}, 100);
  expect(listed.map(({ id }) => id)).toEqual(
    [
      ["mended", "PUSH"],
      ["mended", "SMS"],
      ["mended", "EMAIL"],
      ["half", "PUSH"],
      ["half", "EMAIL"],
      ["created", "PUSH"],
      ["created", "SMS"],
      ["created", "EMAIL"],
    ].map(([eventId, channel]) => followUpEventId(eventId as string, channel as string)),
  );
  const byId = (rows: readonly { id: string }[]) => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(listed.map(({ seq: _, ...notification }) => notification))).toEqual(byId(before));

  expect(await store.findNotified(half, "created")).toEqual({
    eventId: "half",
    done: ["EMAIL", "PUSH"],
  });
  expect(await store.findNotified(first, "payment")).toEqual({
    eventId: "mended",
    done: ["EMAIL", "SMS", "PUSH"],
  });
  expect(await store.findNotified(half, "payment")).toBeUndefined();
  expect(db.query("SELECT total FROM pruned_events").get()).toEqual({ total: 4 });
  closeDatabase(db);
});

test("an event of which some channels had sent goes on with the others", async () => {
  using dir = tempDir();
  const db = openOld(dir.join("notifications.db"), 0);
  migrate(db, MIGRATIONS);
  const queue = createCommitQueue(db, { writers: [notificationWriter(db)] });
  const event = { orderId: half, eventId: "half", eventType: "ORDER_CREATED" };
  const sent = { ...event, kind: "created" as const, channels: CHANNEL_NAMES, sentAt: at(9) };
  await queue.commit({ effects: [recordSent(sent)] });
  const columns = "seq, orderId, eventId, eventType, channel, status, createdAt";
  expect(
    db.query(`SELECT ${columns} FROM notifications WHERE orderId = '${half}' ORDER BY seq`).all(),
  ).toEqual(
    CHANNEL_NAMES.map((channel, i) => ({
      seq: 4 + i,
      ...event,
      channel,
      status: "SENT",
      createdAt: at(channel === "SMS" ? 9 : 2),
    })),
  );
  expect(db.query("SELECT total FROM pruned_events").get()).toEqual({ total: 0 });
  closeDatabase(db);
});

test("a database that never had a notification is migrated, too", () => {
  using dir = tempDir();
  const db = openDatabase(dir.join("notifications.db"));
  migrate(db, MIGRATIONS);
  expect(db.query("SELECT * FROM notifications").all()).toEqual([]);
  expect(db.query("SELECT total FROM pruned_events").all()).toEqual([{ total: 0 }]);
  closeDatabase(db);
});

test("a customer who was told twice of a kind keeps both rows, and the first one counts", async () => {
  using dir = tempDir();
  const db = openDatabase(dir.join("notifications.db"));
  const before = MIGRATIONS.findIndex(
    ({ name }) => name === "tell an order's customer once of each kind",
  );
  migrate(db, MIGRATIONS.slice(0, before));
  for (const eventId of ["one", "two"]) {
    db.run(
      `INSERT INTO notified_events (orderId, eventId, eventType, emailSentAt)
       VALUES ('${first}', '${eventId}', 'ORDER_CREATED', '${at(1)}')`,
    );
  }
  migrate(db, MIGRATIONS);
  expect(db.query("SELECT eventId, kind FROM notified_events ORDER BY seq").values()).toEqual([
    ["one", "created"],
    ["two", null],
  ]);
  const store = createNotificationStore(db, createCommitQueue(db));
  expect(await store.findNotified(first, "created")).toMatchObject({ eventId: "one" });
  closeDatabase(db);
});
