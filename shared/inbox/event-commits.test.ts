import { expect, test } from "bun:test";
import { join } from "node:path";
import { closeDatabase, createCommitQueue } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { createEventCommits } from "./event-commits.ts";
import { createOffsetTracker } from "./offset-tracker.ts";
import { createInboxStore } from "./store.ts";
import { openReaderDatabase } from "./test-inbox.ts";

/** A database with event commits, and records of one partition that are being worked on. */
function openWorld(records: number, apart = false) {
  const folder = tempDir();
  const db = openReaderDatabase(join(folder.path, "reader.db"));
  const commits: number[] = [];
  const queue = createCommitQueue(db, { onCommit: (units) => commits.push(units) });
  const store = createInboxStore(db);
  const offsets: number[] = [];
  const advance: typeof store.advance = (clusterId, topic, partition, next, at) => {
    offsets.push(next);
    store.advance(clusterId, topic, partition, next, at);
  };
  const tracker = createOffsetTracker(0);
  const places = Array.from({ length: records }, (_, offset) => {
    tracker.start(offset);
    const record = { topic: "t", partition: 0, offset, key: null, value: null, headers: {} };
    return { clusterId: "c", tracker, record: { ...record, timestamp: 0 } };
  });
  return {
    db,
    places,
    tracker,
    offsets,
    commits,
    events: createEventCommits({ store: { advance }, queue, now: Date.now, apart }),
    effect: (name: string) => db.run("INSERT INTO effects (eventId) VALUES (?)", [name]),
    effects: () =>
      db
        .query<{ eventId: string }, []>("SELECT * FROM effects")
        .all()
        .map((row) => row.eventId),
    nextOffset: () => store.nextOffset("c", "t", 0),
    [Symbol.dispose]() {
      closeDatabase(db);
      folder[Symbol.dispose]();
    },
  };
}

test("the work of one turn shares one unit of one commit, and writes the offset once", async () => {
  using world = openWorld(3);
  const { places, events, effect } = world;
  const results = await Promise.all(
    places.map((place, i) =>
      events.commit(place, () => {
        effect(`event ${i}`);
        return i;
      }),
    ),
  );
  expect(results).toEqual([0, 1, 2]);
  expect(world.commits).toEqual([1]);
  expect(world.offsets).toEqual([3]);
  expect(world.effects()).toEqual(["event 0", "event 1", "event 2"]);
  expect(world.nextOffset()).toBe(3);
});

test("work that throws leaves nothing behind, holds the offset, and the others are committed", async () => {
  using world = openWorld(3);
  const { places, events, effect, tracker } = world;
  const outcomes = await Promise.allSettled(
    places.map((place, i) =>
      events.commit(place, () => {
        effect(`event ${i}`);
        if (i === 1) throw new Error("cannot be applied");
        return i;
      }),
    ),
  );
  expect(outcomes).toEqual([
    { status: "fulfilled", value: 0 },
    { status: "rejected", reason: new Error("cannot be applied") },
    { status: "fulfilled", value: 2 },
  ]);
  expect(world.effects()).toEqual(["event 0", "event 2"]);
  expect(world.nextOffset()).toBe(1);
  expect(tracker.watermark()).toBe(1);
});

test("work that is rolled back with its neighbour and fails alone the second time is not passed", async () => {
  using world = openWorld(2);
  const [first, second] = world.places as [(typeof world.places)[0], (typeof world.places)[0]];
  let runs = 0;
  const outcomes = await Promise.allSettled([
    world.events.commit(first, () => {
      runs += 1;
      if (runs >= 2) throw new Error("only now");
    }),
    world.events.commit(second, () => {
      throw new Error("always");
    }),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(world.nextOffset() ?? 0).toBe(0);
  expect(world.tracker.watermark()).toBe(0);
});

test("nothing is passed when the offsets themselves cannot be written", async () => {
  using world = openWorld(2);
  world.db.run(
    "CREATE TRIGGER no_offsets BEFORE INSERT ON consumer_offsets BEGIN SELECT RAISE(ABORT, 'no'); END",
  );
  const outcomes = await Promise.allSettled(
    world.places.map((place, i) => world.events.commit(place, () => world.effect(`event ${i}`))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(world.effects()).toEqual([]);
  expect(world.tracker.watermark()).toBe(0);
});

test("nothing is passed when the COMMIT itself fails", async () => {
  using world = openWorld(1);
  world.db.run("CREATE TABLE whole (id INTEGER PRIMARY KEY)");
  world.db.run("CREATE TABLE part (of REFERENCES whole (id) DEFERRABLE INITIALLY DEFERRED)");
  const [place] = world.places;
  if (place === undefined) throw new Error("there is no record");
  const orphan = () => void world.db.run("INSERT INTO part VALUES (99)");
  await expect(world.events.commit(place, orphan)).rejects.toMatchObject({
    code: "STORAGE_FAILED",
  });
  expect([world.tracker.watermark(), world.nextOffset()]).toEqual([0, undefined]);
});

test("work that has to stay apart shares the commit, not the unit", async () => {
  using world = openWorld(3, true);
  await Promise.all(world.places.map((place) => world.events.commit(place, () => {})));
  expect(world.commits).toEqual([3]);
  expect(world.nextOffset()).toBe(3);
});
