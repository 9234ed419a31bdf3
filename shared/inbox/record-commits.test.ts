import { expect, test } from "bun:test";
import { join } from "node:path";
import { closeDatabase, createCommitQueue, sqlWriter } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { type Effect, sql } from "@order-outbox/units";
import { createInboxStore, inboxWriters } from "./mod.ts";
import { createOffsetTracker } from "./offset-tracker.ts";
import { createRecordCommits } from "./record-commits.ts";
import { openReaderDatabase } from "./test-inbox.ts";

/** A database with record commits, and records of one partition that are being worked on. */
function openWorld(records: number) {
  const folder = tempDir();
  const db = openReaderDatabase(join(folder.path, "reader.db"));
  const commits: number[] = [];
  const queue = createCommitQueue(db, {
    ...inboxWriters(db, [sqlWriter(db)]),
    onCommit: (units) => commits.push(units),
  });
  const store = createInboxStore(db, queue, "reader", Date.now);
  db.run("CREATE TABLE offset_writes (nextOffset INTEGER)");
  for (const event of ["INSERT", "UPDATE"]) {
    db.run(`CREATE TRIGGER note_${event} AFTER ${event} ON consumer_offsets
      BEGIN INSERT INTO offset_writes VALUES (new.nextOffset); END`);
  }
  const tracker = createOffsetTracker(0);
  const places = Array.from({ length: records }, (_, offset) => {
    tracker.start(offset);
    const record = { topic: "t", partition: 0, offset, key: null, value: null, headers: {} };
    return { clusterId: "c", tracker, record: { ...record, timestamp: 0 } };
  });
  const column = <T>(query: string) => db.query(query).values().flat() as T[];
  return {
    db,
    places,
    tracker,
    commits,
    records: createRecordCommits({ units: queue, consumer: "reader", now: Date.now }),
    effects: () => column<string>("SELECT eventId FROM effects"),
    offsetWrites: () => column<number>("SELECT nextOffset FROM offset_writes"),
    nextOffset: () => store.nextOffset("c", "t", 0),
    [Symbol.dispose]() {
      closeDatabase(db);
      folder[Symbol.dispose]();
    },
  };
}

const effect = (name: string): Effect =>
  sql({ statement: "INSERT INTO effects (eventId) VALUES (?)", parameters: [name] });
const failing = sql({ statement: "INSERT INTO effects (eventId) VALUES (NULL)" });
const refusing = sql({ statement: "DELETE FROM effects WHERE id = 99", rows: 1 });

test("the work of one turn shares one commit, and writes the offset once", async () => {
  using world = openWorld(3);
  const results = await Promise.all(
    world.places.map((place, i) => world.records.commit(place, [effect(`event ${i}`)])),
  );
  expect(results.map(({ committed }) => committed)).toEqual([true, true, true]);
  expect(world.commits).toEqual([3]);
  expect(world.offsetWrites()).toEqual([3]);
  expect(world.effects()).toEqual(["event 0", "event 1", "event 2"]);
  expect(world.nextOffset()).toBe(3);
});

test.each([
  ["fails", failing],
  ["is refused", refusing],
])(
  "work that %s leaves nothing behind, holds the offset, and the others are committed",
  async (_, bad) => {
    using world = openWorld(3);
    const outcomes = await Promise.allSettled(
      world.places.map((place, i) =>
        world.records.commit(place, i === 1 ? [effect("bad"), bad] : [effect(`event ${i}`)]),
      ),
    );
    expect(
      outcomes.map((outcome) => outcome.status === "fulfilled" && outcome.value.committed),
    ).toEqual([true, false, true]);
    expect(world.effects()).toEqual(["event 0", "event 2"]);
    expect(world.offsetWrites()).toEqual([1]);
    expect(world.nextOffset()).toBe(1);
    expect(world.tracker.watermark()).toBe(1);
  },
);

test("a record that is finished later takes the offset over those that were before it", async () => {
  using world = openWorld(3);
  const [first, second, third] = world.places as [never, never, never];
  await Promise.all([world.records.commit(second, []), world.records.commit(third, [])]);
  expect(world.nextOffset()).toBe(0);
  await world.records.commit(first, []);
  expect(world.nextOffset()).toBe(3);
});

test("nothing is passed when the offsets themselves cannot be written", async () => {
  using world = openWorld(2);
  world.db.run(
    "CREATE TRIGGER no_offsets BEFORE INSERT ON consumer_offsets BEGIN SELECT RAISE(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled(
    world.places.map((place, i) => world.records.commit(place, [effect(`event ${i}`)])),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(world.effects()).toEqual([]);
  expect(world.tracker.watermark()).toBe(0);
});

test("nothing is passed when the COMMIT itself fails", async () => {
  using world = openWorld(1);
  world.db.run("CREATE TABLE whole (id INTEGER PRIMARY KEY)");
  world.db.run("CREATE TABLE part (of REFERENCES whole (id) DEFERRABLE INITIALLY DEFERRED)");
  const [place] = world.places as [(typeof world.places)[0]];
  const orphan = sql({ statement: "INSERT INTO part VALUES (99)" });
  await expect(world.records.commit(place, [orphan])).rejects.toMatchObject({
    code: "STORAGE_FAILED",
  });
  expect([world.tracker.watermark(), world.nextOffset()]).toEqual([0, undefined]);
});
