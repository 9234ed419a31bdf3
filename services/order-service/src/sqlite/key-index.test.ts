import { expect, test } from "bun:test";
import {
  closeDatabase,
  createCommitQueue,
  openDatabase,
  openMigrated,
  sqlWriter,
} from "@order-outbox/sqlite";
import { tempDir } from "@order-outbox/testing";
import { type Effect, sql } from "@order-outbox/units";
import { rememberKey } from "../idempotency-store.ts";
import { createIdempotencyStore, keyWriter } from "./idempotency-store.ts";
import { createKeyIndex } from "./key-index.ts";
import { prunableKeys } from "./prunable-keys.ts";
import { MIGRATIONS } from "./schema.ts";

const AT = "2026-01-01T00:00:00.000Z";
const SORTED_AT_ONCE = 5;

/** One process's view of the stored keys. */
function openProcess(path: string) {
  const db = openMigrated(path, MIGRATIONS);
  const index = createKeyIndex(db, SORTED_AT_ONCE);
  const queue = createCommitQueue(db, { writers: [keyWriter(db, index), sqlWriter(db)] });
  const keys = createIdempotencyStore(db, queue, index);

  /** Whether the key was new. `fails`: what comes after it in its unit is refused. */
  async function use(key: string, { fails = false, at = AT, notBefore = "" } = {}) {
    const record = { key, requestHash: "", orderId: "", response: "{}", createdAt: at, notBefore };
    const effects: Effect[] = [rememberKey(record)];
    if (fails) effects.push(sql({ statement: "SELECT 1", rows: 1 }));
    return (await queue.commit({ effects })).committed;
  }
  return {
    db,
    queue,
    use,
    knows: async (key: string) => (await keys.find(key, "")) !== undefined,
    rows: (table: string) => db.query(`SELECT key, id FROM ${table} ORDER BY id`).values(),
    [Symbol.dispose]: () => closeDatabase(db),
  };
}

test("a key is known before and after it is sorted into the index, and after a restart", async () => {
  using folder = tempDir();
  const path = folder.join("orders.db");
  const names = Array.from({ length: 4 * SORTED_AT_ONCE + 2 }, (_, i) => `key-${i}`);
  {
    using own = openProcess(path);
    for (const name of names) expect(await own.use(name)).toBe(true);
    expect(own.rows("idempotency_index")).toHaveLength(4 * SORTED_AT_ONCE);
    for (const name of names)
      expect([await own.use(name), await own.knows(name)]).toEqual([false, true]);
  }
  using next = openProcess(path);
  for (const name of names)
    expect([await next.knows(name), await next.use(name)]).toEqual([true, false]);
  expect(next.rows("idempotency_keys")).toHaveLength(names.length);
});

test("an expired key that is used again is known by its last use, until that is removed", async () => {
  using folder = tempDir();
  const path = folder.join("orders.db");
  using own = openProcess(path);
  const useOthers = () =>
    Promise.all(Array.from({ length: SORTED_AT_ONCE }, () => own.use(crypto.randomUUID())));
  const later = { at: "2026-01-03T00:00:00.000Z", notBefore: "2026-01-02T00:00:00.000Z" };
  await own.use("again");
  await useOthers();
  expect([await own.use("again", later), await own.use("again", later)]).toEqual([true, false]);
  const { scan, remove } = prunableKeys(own.db);
  const { old } = scan(undefined, later.notBefore, 100);
  expect(remove(old, later.notBefore)).toBe(SORTED_AT_ONCE);
  await useOthers();
  using next = openProcess(path);
  for (const process of [own, next]) expect(await process.use("again", later)).toBe(false);
  const all = scan(undefined, later.at, 100).old;
  expect(remove(all, later.at)).toBe(SORTED_AT_ONCE + 1);
  expect([...own.rows("idempotency_keys"), ...own.rows("idempotency_index")]).toEqual([]);
});

test("the index holds no key that was rolled back, whatever takes its place", async () => {
  using folder = tempDir();
  const path = folder.join("orders.db");
  using own = openProcess(path);
  using other = openProcess(path);
  const failed = Array.from({ length: 3 * SORTED_AT_ONCE }, (_, i) => `failed-${i}`);
  const known = (process: typeof own, keys: string[]) => Promise.all(keys.map(process.knows));
  expect(await own.use("first")).toBe(true);
  const ended = own.queue.run(() => own.db.run("ROLLBACK"));
  const lost = await Promise.allSettled([...failed.map((key) => own.use(key)), ended]);
  expect(lost.map(({ status }) => status)).not.toContain("fulfilled");
  expect(await own.use("first")).toBe(false);
  expect([await own.use("second"), await other.use("third")]).toEqual([true, true]);
  expect(await known(own, ["third", ...failed])).toEqual([true, ...failed.map(() => false)]);
  expect(own.rows("idempotency_keys").flat()).toEqual(["first", 1, "second", 2, "third", 3]);
  using next = openProcess(path);
  for (const process of [own, other, next]) {
    expect(await known(process, ["first", "second", "third"])).toEqual([true, true, true]);
  }
});

test("two processes that store, fail and start again make one use of a key", async () => {
  using folder = tempDir();
  const path = folder.join("orders.db");
  let state = 20_260_101;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const stored = new Set<string>();
  const processes = [openProcess(path), openProcess(path)];
  for (let step = 0; step < 250; step++) {
    const at = random(2);
    const own = processes[at] as ReturnType<typeof openProcess>;
    const batch = Array.from({ length: 1 + random(4) }, () => ({
      key: `key-${Math.max(0, step - 10) + random(20)}`,
      fails: random(5) === 0,
    }));
    const fresh = await Promise.all(batch.map(({ key, fails }) => own.use(key, { fails })));
    batch.forEach(({ key, fails }, i) => {
      expect([key, fresh[i]]).toEqual([key, !fails && !stored.has(key)]);
      if (fresh[i]) stored.add(key);
    });
    if (random(20) === 0) {
      own[Symbol.dispose]();
      processes[at] = openProcess(path);
    }
  }
  for (const own of processes) own[Symbol.dispose]();
  const db = openDatabase(path);
  const keys = db.query<{ key: string }, []>("SELECT key FROM idempotency_keys").all();
  expect(keys.map(({ key }) => key).toSorted()).toEqual([...stored].toSorted());
  closeDatabase(db);
});
