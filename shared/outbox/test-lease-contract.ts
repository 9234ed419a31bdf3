import { describe, expect, test } from "bun:test";
import { startProcess } from "@order-outbox/testing";
import fc from "fast-check";
import {
  createLease,
  type Lease,
  type LeaseHolder,
  type LeaseOptions,
  type LeaseRecord,
} from "./lease.ts";
import type { OpenOutboxDatabase, OutboxDatabase } from "./test-outbox-database.ts";

const holder = (owner: string, pid = 1): LeaseHolder => ({ owner, host: "here", pid });
const ensureEach = async (...leases: Lease[]) => {
  const taken: boolean[] = [];
  for (const lease of leases) taken.push(await lease.ensure());
  return taken;
};

/** Three workers, "a", "b" and "c", each with a connection of its own. */
async function openThree(
  database: OutboxDatabase,
  options: Pick<LeaseOptions, "now" | "monotonic">,
) {
  const open = async (name: string, pid: number) =>
    createLease((await database.connect()).lease, {
      own: holder(name, pid),
      ttlMs: 100,
      isGone: () => false,
      ...options,
    });
  return [await open("a", 1), await open("b", 2), await open("c", 3)] as const;
}

/** A worker in another process owns the lease; one here, with the same host and process id, wants it. */
async function contend(open: OpenOutboxDatabase) {
  await using started = new AsyncDisposableStack();
  const database = started.use(await open());
  const owner = started.use(startProcess([...database.owner]));
  await owner.waitForLine("owner");
  const { lease: record, presence } = await database.connect();
  const clock = { elapsed: 0 };
  const from: LeaseHolder[] = [];
  const lease = createLease(record, {
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

/** What happens to one of three workers after some time; at `race` all of them want the lease at once. */
const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 120 }),
    worker: fc.integer({ min: 0, max: 2 }),
    event: fc.oneof(
      { weight: 16, arbitrary: fc.constant("ensure" as const) },
      { weight: 4, arbitrary: fc.constant("race" as const) },
      { weight: 1, arbitrary: fc.constant("die" as const) },
      { weight: 1, arbitrary: fc.constant("leave" as const) },
    ),
  }),
  { maxLength: 200 },
);

/** What every database keeps of the lease of its relay; see {@link Lease}. */
export function describeLease(kind: string, open: OpenOutboxDatabase): void {
  describe(`the lease in ${kind}`, () => {
    test("of two workers on one file one holds the lease, and the other takes it when it is over", async () => {
      await using database = await open();
      let clock = 1_000;
      const now = () => clock;
      const [a, b] = await openThree(database, { now, monotonic: now });
      expect([await ensureEach(a, b), a.fencing(), b.fencing()]).toEqual([[true, false], 1, 0]);
      clock += 60;
      expect([await ensureEach(a, b), a.fencing()]).toEqual([[true, false], 1]);
      clock += 100;
      expect([await b.ensure(), b.fencing()]).toEqual([true, 2]);
      expect(await a.ensure()).toBe(false);
      await b.release();
      expect([await a.ensure(), a.fencing()]).toEqual([true, 3]);
    });

    test("of workers that want a free lease at once, one gets it, and the others do not disturb it", async () => {
      await using database = await open();
      let clock = 1_000;
      const now = () => clock;
      const [a, b] = await openThree(database, { now, monotonic: now });
      const race = async () => (await Promise.all([a.ensure(), b.ensure()])).toSorted();
      expect(await race()).toEqual([false, true]);
      expect([a.fencing(), b.fencing()].toSorted()).toEqual([0, 1]);
      await a.release();
      await b.release();
      expect(await race()).toEqual([false, true]);
      clock += 60;
      expect(await race()).toEqual([false, true]);
    });

    test("of workers that want a lease at once which is over, one gets it", async () => {
      await using database = await open();
      let clock = 1_000;
      const now = () => clock;
      const [a, b, c] = await openThree(database, { now, monotonic: now });
      expect(await ensureEach(a, b, c)).toEqual([true, false, false]);
      clock += 100;
      expect((await Promise.all([b.ensure(), c.ensure()])).toSorted()).toEqual([false, true]);
      expect([b.fencing(), c.fencing()].toSorted()).toEqual([0, 2]);
    });

    test("the record is replaced only when it says what was seen, and given back by its owner alone", async () => {
      await using database = await open();
      const [{ lease: one }, { lease: two }] = [await database.connect(), await database.connect()];
      const first = { ...holder("a"), fencing: 1, expiresAt: 100 };
      const next = { ...holder("b", 2), fencing: 2, expiresAt: 200 };
      expect(await one.read()).toBeUndefined();
      expect(await one.replace(first, next)).toBe(false);
      expect(await one.replace(undefined, first)).toBe(true);
      expect([await two.replace(undefined, next), await two.read()]).toEqual([false, first]);
      for (const other of [{ owner: "c" }, { fencing: 2 }, { expiresAt: 101 }]) {
        const seen = { ...first, ...other };
        expect([await two.replace(seen, next), await two.read()]).toEqual([false, first]);
      }
      expect([await two.replace(first, next), await one.read()]).toEqual([true, next]);
      await one.giveBack("a");
      expect(await one.read()).toEqual(next);
      await one.giveBack("b");
      expect(await two.read()).toEqual({ ...next, expiresAt: 0 });
    });

    test.each([-600_000, 600_000, 3_900_000, 400 * 86_400_000])(
      "a clock that is set by %d ms makes neither two owners nor none",
      async (setBy) => {
        await using database = await open();
        const clock = { elapsed: 0, set: 0 };
        const [a, b] = await openThree(database, {
          now: () => 1_000_000_000 + clock.elapsed + clock.set,
          monotonic: () => clock.elapsed,
        });
        expect(await ensureEach(a, b)).toEqual([true, false]);
        clock.set = setBy;
        for (let looks = 0; looks < 30; looks++) {
          expect(await ensureEach(b, a)).toEqual([false, true]);
          clock.elapsed += 10;
        }
        // The owner hangs: who waits takes over when the lease is over, and not before.
        for (let looks = 0; looks < 5; looks++) {
          expect(await b.ensure()).toBe(false);
          clock.elapsed += 10;
        }
        clock.elapsed += 60;
        expect(await b.ensure()).toBe(true);
        expect(await ensureEach(a, b)).toEqual([false, true]);
      },
    );

    test("a renewal is seen also when the clock was set back by just the time since the last", async () => {
      await using database = await open();
      let elapsed = 0;
      const clocks = { now: () => 5_000, monotonic: () => elapsed };
      const [a, b] = await openThree(database, clocks);
      for (let looks = 0; looks < 20; looks++) {
        expect(await ensureEach(a, b)).toEqual([true, false]);
        elapsed += 15;
      }
    });

    test("an owner that lives is not taken for dead for its host and process id, and a dead one is found at once", async () => {
      await using rivals = await contend(open);
      const { owner, lease, clock, from } = rivals;
      expect([await lease.ensure(), from]).toEqual([false, []]);
      owner.kill("SIGKILL");
      await owner.exited;
      expect([await lease.ensure(), lease.fencing(), clock.elapsed]).toEqual([true, 2, 0]);
      expect(from).toMatchObject([{ host: "same", pid: 1 }]);
    });

    test("an owner that is stopped keeps its lease until its time is over", async () => {
      await using rivals = await contend(open);
      const { owner, lease, clock, from } = rivals;
      owner.kill("SIGSTOP");
      expect(await lease.ensure()).toBe(false);
      clock.elapsed = 59_999;
      expect(await lease.ensure()).toBe(false);
      clock.elapsed = 60_000;
      expect([await lease.ensure(), lease.fencing(), from.length]).toEqual([true, 2, 1]);
    });

    test("with random times, deaths and returns no two workers hold the lease at once", async () => {
      const oneHistory = fc.asyncProperty(steps, async (happenings) => {
        await using database = await open();
        const ttlMs = 100;
        let clock = 1_000;
        let lives = 0;
        let newest = 0;
        const living = new Set<string>();
        const connections: LeaseRecord[] = [];
        for (let n = 0; n < 3; n++) connections.push((await database.connect()).lease);
        const start = (place: number) => {
          // All with one host and process id, as in containers.
          const own = holder(`w${++lives}`);
          living.add(own.owner);
          const isGone = (other: string) => !living.has(other);
          const now = () => clock;
          const record = connections[place] as LeaseRecord;
          const lease = createLease(record, { own, ttlMs, now, monotonic: now, isGone });
          return { own, lease, mayWriteUntil: 0 };
        };
        const workers = [0, 1, 2].map(start);
        for (const { afterMs, worker: index, event } of happenings) {
          clock += afterMs;
          const worker = workers[index] as (typeof workers)[number];
          if (event === "die") {
            living.delete(worker.own.owner);
            workers[index] = start(index);
          } else if (event === "leave") {
            await worker.lease.release();
            worker.mayWriteUntil = 0;
          } else {
            const wanting = event === "race" ? workers : [worker];
            const held = await Promise.all(wanting.map(({ lease }) => lease.ensure()));
            for (const owner of wanting.filter((_, place) => held[place])) {
              const others = workers.filter((one) => one !== owner && one.mayWriteUntil > clock);
              expect(others).toEqual([]);
              expect(owner.lease.fencing()).toBeGreaterThanOrEqual(newest);
              newest = owner.lease.fencing();
              owner.mayWriteUntil = clock + ttlMs / 2;
            }
          }
        }
      });
      await fc.assert(oneHistory, { numRuns: process.env.PROOF === "full" ? 300 : 25 });
    });
  });
}
