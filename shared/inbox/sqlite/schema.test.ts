import { expect, test } from "bun:test";
import { EVENTS } from "@order-outbox/contracts";
import {
  closeDatabase,
  createCommitQueue,
  type Database,
  migrate,
  openDatabase,
} from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { releaseHeld } from "../effects.ts";
import { createOffsetTracker } from "../offset-tracker.ts";
import { createRecordCommits } from "../record-commits.ts";
import { apply, event, hold, recordAt } from "../test-opened-inbox.ts";
import { createHeldDesk } from "./held-desk.ts";
import { createInboxStore } from "./inbox-store.ts";
import { inboxWriters } from "./inbox-writers.ts";
import { HELD_STATE_INDEX, INBOX_TABLES, inboxByConsumer } from "./schema.ts";

const BEFORE = [
  { name: "create the inbox", up: INBOX_TABLES },
  { name: "index held events by state", up: HELD_STATE_INDEX },
];
const NOW = [...BEFORE, { name: "key by consumer", up: inboxByConsumer("order-service", EVENTS) }];

const HELD: [id: number, state: string, type: string | null, headers: string, code: string][] = [
  [3, "RETRYING", "ORDER_CREATED", '{"ce_source":"/order-service"}', "HANDLER_FAILED"],
  [5, "BEHIND", "PAYMENT_FAILED", "{}", "HELD_BEHIND"],
  [6, "WAITING", "PAYMENT_SUCCEEDED", '{"ce_source":["/a","/b"]}', "HELD_WAITING"],
  [8, "PARKED", null, '{"ce_source":"/stranger"}', "EVENT_MALFORMED"],
];

/** A database of the version before, with rows of all kinds. */
function openBefore(path: string): Database {
  const db = openDatabase(path);
  migrate(db, BEFORE);
  const insertApplied = db.prepare("INSERT INTO inbox VALUES (?, ?, 't', 0, 7, '2026-01-01')");
  for (const [id, type] of [
    ["created", "ORDER_CREATED"],
    ["paid", "PAYMENT_SUCCEEDED"],
    ["strange", "ORDER_TELEPORTED"],
  ] as const) {
    insertApplied.run(id, type);
  }
  const insertOffset = db.prepare("INSERT INTO consumer_offsets VALUES (?, 't', ?, ?, 'at')");
  insertOffset.run("cluster-1", 0, 8);
  insertOffset.run("cluster-1", 1, 0);
  insertOffset.run("cluster-0", 0, 99);
  const insertHeld = db.prepare(
    `INSERT INTO held_events (id, state, clusterId, topic, partition, "offset", eventId, eventType,
       eventKey, headers, key, value, errorCode, lastError, attempts, heldAt, nextAttemptAt)
     VALUES (?1, ?2, 'cluster-1', 't', 0, ?1, 'e' || ?1, ?3, 'order-1', ?4, x'6b', x'00ff', ?5, 'why',
       2, '2026-01-01T00:00:00.000Z', iif(?2 = 'RETRYING', '2026-01-02T00:00:00.000Z', NULL))`,
  );
  for (const row of HELD) insertHeld.run(...row);
  // One that is gone: its number is in the audit, and must not come again.
  insertHeld.run(41, "PARKED", "ORDER_CREATED", "{}", "HANDLER_FAILED");
  db.run("DELETE FROM held_events WHERE id = 41");
  db.run(`INSERT INTO operator_requests (id, kind, target, reason, requestedAt, finishedAt, outcome)
    VALUES (2, 'DISCARD', '{"heldId":41}', 'a test', 'at', 'done', '{"discarded":1}'),
           (3, 'REDRIVE', '{"heldId":3}', NULL, 'at', NULL, NULL)`);
  db.run(`INSERT INTO operator_audit (at, action, target, reason)
    VALUES ('at', 'DISCARD', '{"heldId":41}', 'a test')`);
  return db;
}

const rows = (db: Database, sql: string) => db.query<Record<string, unknown>, []>(sql).all();

/** Everything, but for what the step adds. */
const kept = (db: Database) => ({
  inbox: rows(
    db,
    'SELECT eventId, eventType, topic, partition, "offset", processedAt FROM inbox ORDER BY eventId',
  ),
  offsets: rows(
    db,
    "SELECT clusterId, topic, partition, nextOffset, updatedAt FROM consumer_offsets ORDER BY 1, 2, 3",
  ),
  held: rows(
    db,
    `SELECT id, state, clusterId, topic, partition, "offset", eventId, eventType, headers, key, value,
       errorCode, lastError, attempts, heldAt, nextAttemptAt FROM held_events ORDER BY id`,
  ),
  requests: rows(
    db,
    "SELECT id, kind, target, reason, requestedAt, finishedAt, outcome FROM operator_requests",
  ),
  audit: rows(db, "SELECT * FROM operator_audit"),
  identity: rows(db, "SELECT * FROM consumer_identity"),
});

test("an inbox of the version before keeps every row, as its consumer's own", () => {
  using dir = tempDir();
  const db = openBefore(dir.join("before.db"));
  const before = kept(db);
  expect(before).toMatchObject({
    inbox: { length: 3 },
    offsets: { length: 3 },
    held: { length: 4 },
    requests: { length: 2 },
  });
  migrate(db, NOW);
  expect(kept(db)).toEqual(before);
  for (const table of ["inbox", "consumer_offsets", "held_events"]) {
    expect(rows(db, `SELECT DISTINCT consumer FROM ${table}`)).toEqual([
      { consumer: "order-service" },
    ]);
  }
  expect(rows(db, "SELECT eventId, source FROM inbox ORDER BY eventId")).toEqual([
    { eventId: "created", source: "/order-service" },
    { eventId: "paid", source: "/payment-service" },
    { eventId: "strange", source: "" },
  ]);
  expect(rows(db, "SELECT eventSource, eventKey FROM held_events ORDER BY id")).toEqual([
    { eventSource: "/order-service", eventKey: "order-1" },
    { eventSource: "/payment-service", eventKey: "order-1" },
    { eventSource: "/payment-service", eventKey: "order-1" },
    { eventSource: "/stranger", eventKey: null },
  ]);
  closeDatabase(db);
});

test("such an inbox goes on: nothing is applied twice, read again, or given a number that was given", async () => {
  using dir = tempDir();
  const db = openBefore(dir.join("before.db"));
  migrate(db, NOW);
  const queue = createCommitQueue(db, inboxWriters(db, []));
  const own = createInboxStore(db, queue, "order-service", Date.now);
  const other = createInboxStore(db, queue, "other", Date.now);
  const desk = createHeldDesk({ db, write: queue.run, now: Date.now });
  const commit = async (...effects: Parameters<typeof records.commit>[1]) =>
    (await queue.commit({ effects })).committed;

  expect(await own.nextOffset("cluster-1", "t", 0)).toBe(8);
  expect(await other.nextOffset("cluster-1", "t", 0)).toBeUndefined();
  const records = createRecordCommits({ units: queue, consumer: own.consumer, now: Date.now });
  const tracker = createOffsetTracker(8);
  tracker.start(8);
  await records.commit({ clusterId: "cluster-1", tracker, record: recordAt(8) }, []);
  expect(await own.nextOffset("cluster-1", "t", 0)).toBe(9);
  expect(rows(db, "SELECT * FROM consumer_offsets")).toHaveLength(3);

  expect(await commit(apply("order-service", event("created", "/order-service")))).toBe(false);
  expect(await commit(apply("other", event("created", "/order-service")))).toBe(true);

  expect(await own.heldStates("order-1")).toEqual(["RETRYING", "BEHIND", "WAITING"]);
  expect(await other.heldStates("order-1")).toEqual([]);
  expect(await own.nextRequest()).toMatchObject({ id: 3, kind: "REDRIVE" });
  expect(await desk.findRequest(2)).toMatchObject({ outcome: { discarded: 1 } });
  expect(await commit(hold("order-service", 50), releaseHeld({ id: 3 }))).toBe(true);
  const [newest] = (await desk.list({ afterId: 8 }, 10)).map(({ id }) => id);
  expect(newest).toBe(42);
  expect(await desk.redrive({ id: 42 })).toEqual([4]);
  await queue.close();
  closeDatabase(db);
});

test("also where nothing is held any more, the numbers go on", async () => {
  using dir = tempDir();
  const db = openBefore(dir.join("before.db"));
  db.run("DELETE FROM held_events");
  migrate(db, NOW);
  const queue = createCommitQueue(db, inboxWriters(db, []));
  await queue.commit({ effects: [hold("order-service", 1)] });
  expect(rows(db, "SELECT id FROM held_events")).toEqual([{ id: 42 }]);
  await queue.close();
  closeDatabase(db);
});
