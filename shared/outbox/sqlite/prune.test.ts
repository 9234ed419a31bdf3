import { expect, test } from "bun:test";
import { join } from "node:path";
import { createCommitQueue, openDatabase } from "@order-outbox/sqlite";
import { startProcess, waitFor } from "@order-outbox/testing";
import { startOutboxPruner } from "../mod.ts";
import { type TestOutbox, tempOutbox } from "../test-outbox.ts";
import { prunableOutbox } from "./prune.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-30T00:00:00.000Z");
const daysAgo = (days: number) => new Date(NOW - days * DAY).toISOString();

/** Appends rows, created so many days ago, and returns their ids. */
const append = (outbox: TestOutbox, days: number, count = 1) =>
  outbox.append(
    Array.from({ length: count }, (_, n) => `key-${days}-${n}`),
    { createdAt: daysAgo(days) },
  );
const ids = (outbox: TestOutbox) => outbox.rows().map(({ id }) => id);

/** Prunes until a later, young row would be looked at. */
async function prune(outbox: TestOutbox, keepDays: number | undefined): Promise<number> {
  const queue = createCommitQueue(outbox.db);
  const now = () => NOW;
  let sweeps = 0;
  const pruner = startOutboxPruner({
    db: outbox.db,
    queue,
    keepMs: keepDays === undefined ? undefined : keepDays * DAY,
    now,
    random() {
      sweeps += 1;
      return 0;
    },
    log: { info() {}, warn() {} },
    everyMs: 1,
    firstMs: 1,
  });
  await waitFor(() => sweeps > 1, { what: "a whole sweep" });
  await pruner.stop();
  await queue.close();
  return pruner.removed;
}

test("only rows that were settled long enough ago are pruned, wherever they stand", async () => {
  using outbox = tempOutbox();
  const [pending = 0] = append(outbox, 90);
  const [parked = 0, discarded = 0, discardedLately = 0] = append(outbox, 90, 3);
  const [publishedLately = 0] = append(outbox, 90);
  const old = append(outbox, 80, 700);
  const [lastPending = 0] = append(outbox, 70);
  const [edge = 0] = append(outbox, 60);
  const young = append(outbox, 1, 3);
  for (const id of [parked, discarded, discardedLately]) {
    await outbox.store.chargeRefusal(id, "too large", daysAgo(90));
  }
  const discard = outbox.db.prepare("UPDATE outbox SET discardedAt = ? WHERE id = ?");
  discard.run(daysAgo(40), discarded);
  discard.run(daysAgo(2), discardedLately);
  await outbox.store.markPublished(old, daysAgo(79));
  await outbox.store.markPublished([publishedLately], daysAgo(29));
  await outbox.store.markPublished([edge], daysAgo(31));
  await outbox.store.markPublished(young, daysAgo(1));

  expect(await prune(outbox, 30)).toBe(old.length + 2);
  const kept = [pending, parked, discardedLately, publishedLately, lastPending, ...young];
  expect(ids(outbox)).toEqual(kept);
});

test("without a retention nothing is pruned", async () => {
  using outbox = tempOutbox();
  await outbox.store.markPublished(append(outbox, 900, 3), daysAgo(900));
  expect(await prune(outbox, undefined)).toBe(0);
  expect(ids(outbox)).toEqual([1, 2, 3]);
});

test("ids go on after everything was pruned, because sequence numbers must never repeat", async () => {
  using outbox = tempOutbox();
  await outbox.store.markPublished(append(outbox, 90, 3), daysAgo(89));
  expect(await prune(outbox, 30)).toBe(3);
  expect(append(outbox, 1)).toEqual([4]);
});

test("a row that is worth keeping since it was looked at stays", async () => {
  using outbox = tempOutbox();
  const [id = 0] = append(outbox, 90);
  await outbox.store.markPublished([id], daysAgo(89));
  const target = prunableOutbox(outbox.db);
  expect(target.scan(undefined, daysAgo(30), 10).old).toEqual([id]);
  await outbox.store.markPublished([id], daysAgo(1));
  expect(target.remove([id], daysAgo(30))).toBe(0);
  expect(ids(outbox)).toEqual([id]);
});

for (const { step, left } of [
  { step: "inside", left: 350 },
  { step: "pruned", left: 300 },
] as const) {
  test.concurrent(`killed when a step is "${step}", the database is whole and pruning goes on`, async () => {
    using outbox = tempOutbox();
    const old = append(outbox, 90, 400);
    const pending = append(outbox, 80, 3);
    await outbox.store.markPublished(old, daysAgo(89));
    const fixture = join(import.meta.dir, "prune-crash-fixture.ts");
    await using child = startProcess([process.execPath, fixture, outbox.path, step]);
    expect([await child.exited, child.lines]).toEqual([137, []]);

    using db = openDatabase(outbox.path);
    expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
    expect(ids(outbox)).toEqual([...old.slice(-left), ...pending]);
    expect(await prune(outbox, 30)).toBe(left);
    expect(ids(outbox)).toEqual(pending);
    expect(await outbox.pending()).toHaveLength(3);
  });
}
