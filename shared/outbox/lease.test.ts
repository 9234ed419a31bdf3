import { expect, test } from "bun:test";
import {
  closeDatabase,
  type Database,
  holdPresence,
  migrate,
  openDatabase,
} from "@order-outbox/sqlite";
import { startProcess, tempDir } from "@order-outbox/testing";
import fc from "fast-check";
import { createLease, type LeaseHolder, mayTake } from "./lease.ts";
import { OUTBOX_TABLE } from "./schema.ts";

const holder = (owner: string, pid = 1): LeaseHolder => ({ owner, host: "here", pid });
const row = (owner: string, pid: number, expiresAt: number, host = "here") => ({
  owner,
  host,
  pid,
  fencing: 1,
  expiresAt,
});
const alive = () => false;
const dead = () => true;

test("a lease is taken when it is free, over, one's own or a dead worker's, wherever that was", () => {
  const own = holder("b", 2);
  const cases: [what: string, taken: boolean, expected: boolean][] = [
    ["free", mayTake(null, own, false, alive), true],
    ["own", mayTake(row("b", 2, 20), own, false, alive), true],
    ["given back", mayTake(row("a", 1, 0), own, false, alive), true],
    ["over", mayTake(row("a", 1, 11), own, true, alive), true],
    ["another's", mayTake(row("a", 1, 11), own, false, alive), false],
    ["a dead one's", mayTake(row("a", 1, 11), own, false, dead), true],
    ["a dead one's of another host", mayTake(row("a", 1, 11, "there"), own, false, dead), true],
    ["a living one's with the same pid", mayTake(row("a", 2, 11), own, false, alive), false],
  ];
  for (const [what, taken, expected] of cases) expect([what, taken]).toEqual([what, expected]);
});

function open(path: string): Database {
  const db = openDatabase(path);
  migrate(db, [{ name: "create the outbox", up: OUTBOX_TABLE }]);
  return db;
}

test("of two workers on one file one holds the lease, and the other takes it when it is over", () => {
  using folder = tempDir();
  const db = open(folder.join("orders.db"));
  let clock = 1_000;
  const now = () => clock;
  const options = { ttlMs: 100, now, monotonic: now, isGone: alive };
  const a = createLease(db, { own: holder("a", 1), ...options });
  const b = createLease(db, { own: holder("b", 2), ...options });
  expect([a.ensure(), b.ensure(), a.fencing(), b.fencing()]).toEqual([true, false, 1, 0]);
  clock += 60;
  expect([a.ensure(), b.ensure(), a.fencing()]).toEqual([true, false, 1]);
  clock += 100;
  expect([b.ensure(), b.fencing()]).toEqual([true, 2]);
  expect(a.ensure()).toBe(false);
  b.release();
  expect([a.ensure(), a.fencing()]).toEqual([true, 3]);
  closeDatabase(db);
});

test.each([-600_000, 600_000, 3_900_000, 400 * 86_400_000])(
  "a clock that is set by %d ms makes neither two owners nor none",
  (setBy) => {
    using folder = tempDir();
    const db = open(folder.join("orders.db"));
    const clock = { elapsed: 0, set: 0 };
    const options = {
      ttlMs: 100,
      now: () => 1_000_000_000 + clock.elapsed + clock.set,
      monotonic: () => clock.elapsed,
      isGone: alive,
    };
    const a = createLease(db, { own: holder("a", 1), ...options });
    const b = createLease(db, { own: holder("b", 2), ...options });
    const both = () => [a.ensure(), b.ensure()];
    expect(both()).toEqual([true, false]);
    clock.set = setBy;
    for (let looks = 0; looks < 30; looks++) {
      expect([b.ensure(), a.ensure()]).toEqual([false, true]);
      clock.elapsed += 10;
    }
    // The owner hangs: who waits takes over when the lease is over, and not before.
    for (let looks = 0; looks < 5; looks++) {
      expect(b.ensure()).toBe(false);
      clock.elapsed += 10;
    }
    clock.elapsed += 60;
    expect(b.ensure()).toBe(true);
    expect(both()).toEqual([false, true]);
    closeDatabase(db);
  },
);

test("a renewal is seen also when the clock was set back by just the time since the last", () => {
  using folder = tempDir();
  const db = open(folder.join("orders.db"));
  let elapsed = 0;
  const options = { ttlMs: 100, now: () => 5_000, monotonic: () => elapsed, isGone: alive };
  const a = createLease(db, { own: holder("a", 1), ...options });
  const b = createLease(db, { own: holder("b", 2), ...options });
  for (let looks = 0; looks < 20; looks++) {
    expect([a.ensure(), b.ensure()]).toEqual([true, false]);
    elapsed += 15;
  }
  closeDatabase(db);
});

/** A worker in another process owns the lease; one here, with the same host and process id, wants it. */
async function contend() {
  await using started = new AsyncDisposableStack();
  const folder = started.use(tempDir());
  const path = folder.join("orders.db");
  const db = open(path);
  started.defer(() => closeDatabase(db));
  const owner = started.use(
    startProcess([process.execPath, `${import.meta.dir}/lease-owner-fixture.ts`, path]),
  );
  await owner.waitForLine("owner");
  const presence = holdPresence(path, "relay");
  started.defer(presence.end);
  const clock = { elapsed: 0 };
  const from: LeaseHolder[] = [];
  const lease = createLease(db, {
    own: { owner: presence.id, host: "same", pid: 1 },
    ttlMs: 60_000,
    now: Date.now,
    monotonic: () => clock.elapsed,
    isGone: presence.isGone,
    onTakenOver: (other) => from.push(other),
  });
  const resources = started.move();
  return { owner, lease, clock, from, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

test("an owner that lives is not taken for dead for its host and process id, and a dead one is found at once", async () => {
  await using both = await contend();
  const { owner, lease, clock, from } = both;
  expect([lease.ensure(), from]).toEqual([false, []]);
  owner.kill("SIGKILL");
  await owner.exited;
  expect([lease.ensure(), lease.fencing(), clock.elapsed]).toEqual([true, 2, 0]);
  expect(from).toMatchObject([{ host: "same", pid: 1 }]);
});

test("an owner that is stopped keeps its lease until its time is over", async () => {
  await using both = await contend();
  const { owner, lease, clock, from } = both;
  owner.kill("SIGSTOP");
  expect(lease.ensure()).toBe(false);
  clock.elapsed = 59_999;
  expect(lease.ensure()).toBe(false);
  clock.elapsed = 60_000;
  expect([lease.ensure(), lease.fencing(), from.length]).toEqual([true, 2, 1]);
});

/** What happens to one of three workers after some time. */
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 120 }),
    worker: fc.integer({ min: 0, max: 2 }),
    event: fc.oneof(
      { weight: 20, arbitrary: fc.constant("ensure" as const) },
      { weight: 1, arbitrary: fc.constant("die" as const) },
      { weight: 1, arbitrary: fc.constant("leave" as const) },
    ),
  }),
  { maxLength: 200 },
);

test("with random times, deaths and returns no two workers hold the lease at once", () => {
  fc.assert(
    fc.property(steps, (happenings) => {
      using folder = tempDir();
      const db = open(folder.join("orders.db"));
      const ttlMs = 100;
      let clock = 1_000;
      let lives = 0;
      let newest = 0;
      const living = new Set<string>();
      const start = () => {
        // All with one host and process id, as in containers.
        const own = holder(`w${++lives}`);
        living.add(own.owner);
        const isGone = (other: string) => !living.has(other);
        const now = () => clock;
        const lease = createLease(db, { own, ttlMs, now, monotonic: now, isGone });
        return { own, lease, mayWriteUntil: 0 };
      };
      const workers = [start(), start(), start()];
      for (const { afterMs, worker: index, event } of happenings) {
        clock += afterMs;
        const worker = workers[index] as (typeof workers)[number];
        if (event === "die") {
          living.delete(worker.own.owner);
          workers[index] = start();
        } else if (event === "leave") {
          worker.lease.release();
          worker.mayWriteUntil = 0;
        } else if (worker.lease.ensure()) {
          const others = workers.filter((one) => one !== worker && one.mayWriteUntil > clock);
          expect(others).toEqual([]);
          expect(worker.lease.fencing()).toBeGreaterThanOrEqual(newest);
          newest = worker.lease.fencing();
          worker.mayWriteUntil = clock + ttlMs / 2;
        }
      }
      closeDatabase(db);
    }),
    { numRuns: process.env.PROOF === "full" ? 300 : 25 },
  );
});
