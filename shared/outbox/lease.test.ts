import { expect, test } from "bun:test";
import { closeDatabase, type Database, migrate, openDatabase } from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
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
const alive = () => true;
const dead = () => false;

test("a lease is taken when it is free, over, one's own, or a dead process's of this host", () => {
  const own = holder("b", 2);
  const cases: [what: string, taken: boolean, expected: boolean][] = [
    ["free", mayTake(null, own, 10, alive), true],
    ["own", mayTake(row("b", 2, 20), own, 10, alive), true],
    ["over", mayTake(row("a", 1, 10), own, 10, alive), true],
    ["another's", mayTake(row("a", 1, 11), own, 10, alive), false],
    ["a dead one's", mayTake(row("a", 1, 11), own, 10, dead), true],
    ["of another host", mayTake(row("a", 1, 11, "there"), own, 10, dead), false],
    ["of this very process", mayTake(row("a", 2, 11), own, 10, dead), false],
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
  const options = { ttlMs: 100, now: () => clock, isAlive: alive };
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

test("a clock that is set back makes the owner renew, not trust an old time", () => {
  using folder = tempDir();
  const db = open(folder.join("orders.db"));
  let clock = 1_000_000;
  const lease = createLease(db, {
    own: holder("a"),
    ttlMs: 100,
    now: () => clock,
    isAlive: alive,
  });
  expect(lease.ensure()).toBe(true);
  clock = 1_000;
  expect(lease.ensure()).toBe(true);
  const read = () =>
    db.query<{ expiresAt: number }, []>("SELECT expiresAt FROM relay_lease").get()?.expiresAt;
  expect(read()).toBe(1_100);
  closeDatabase(db);
});

test("with random times, deaths and returns no two workers hold the lease at once", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed || 1;
  const random = () => {
    state = Math.imul(state, 48271) >>> 0;
    return (state % 1_000_003) / 1_000_003;
  };
  using folder = tempDir();
  const db = open(folder.join("orders.db"));
  let clock = 1_000;
  const ttlMs = 100;
  const livePids = new Set<number>();
  let pids = 0;
  const start = () => {
    const pid = ++pids;
    livePids.add(pid);
    const lease = createLease(db, {
      own: holder(`w${pid}`, pid),
      ttlMs,
      now: () => clock,
      isAlive: (other) => livePids.has(other),
    });
    return { pid, lease, mayWriteUntil: 0 };
  };
  const workers = [start(), start(), start()];
  let handOvers = 0;
  let last = 0;
  for (let step = 0; step < 3_000; step++) {
    clock += Math.floor(random() * 40);
    const index = Math.floor(random() * workers.length);
    const worker = workers[index] as (typeof workers)[number];
    const dice = random();
    if (dice < 0.02) {
      livePids.delete(worker.pid);
      workers[index] = start();
    } else if (dice < 0.05) {
      worker.lease.release();
      worker.mayWriteUntil = 0;
    } else if (worker.lease.ensure()) {
      const others = workers.filter((one) => one !== worker && one.mayWriteUntil > clock);
      if (others.length > 0) throw new Error(`two owners; seed ${seed}, step ${step}`);
      if (worker.lease.fencing() < last) throw new Error(`fencing fell; seed ${seed}`);
      if (worker.lease.fencing() > last) handOvers += 1;
      last = worker.lease.fencing();
      worker.mayWriteUntil = clock + ttlMs / 2;
    }
  }
  expect(handOvers).toBeGreaterThan(20);
  closeDatabase(db);
});
