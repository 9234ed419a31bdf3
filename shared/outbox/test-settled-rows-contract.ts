import { describe, expect, test } from "bun:test";
import { waitFor } from "@order-outbox/testing";
import { type Prunable, startAgePruner } from "@order-outbox/units";
import { newRow, type OpenOutboxDatabase } from "./test-outbox-database.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-30T00:00:00.000Z");

export const daysAgo = (days: number): string => new Date(NOW - days * DAY).toISOString();

/** Prunes until a later, young row would be looked at. */
export async function prune(target: Prunable, keepDays: number | undefined): Promise<number> {
  let sweeps = 0;
  const pruner = startAgePruner({
    target,
    keepMs: keepDays === undefined ? undefined : keepDays * DAY,
    now: () => NOW,
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
  return pruner.removed;
}

/** What every outbox forgets, and what it keeps. */
export function describeSettledRows(kind: string, open: OpenOutboxDatabase): void {
  const openStore = async () => {
    const database = await open();
    const { store } = await database.connect();
    const deskAt = (at: string) =>
      database.openDesk(
        () => {},
        () => Date.parse(at),
      );
    return {
      ...database,
      store,
      deskAt,
      /** Appends rows, created so many days ago, and returns their ids. */
      add: (days: number, count = 1) =>
        database.append(
          Array.from({ length: count }, (_, n) =>
            newRow(`key-${days}-${n}`, { createdAt: daysAgo(days) }),
          ),
        ),
      ids: async () => (await deskAt(daysAgo(0)).list({}, 1_000)).map(({ id }) => id),
    };
  };

  describe(`pruning an outbox in ${kind}`, () => {
    test("only rows that were settled long enough ago are pruned, wherever they stand", async () => {
      await using outbox = await openStore();
      const { store, add } = outbox;
      const [pending = 0] = await add(90);
      const [parked = 0, discarded = 0, discardedLately = 0] = await add(90, 3);
      const [publishedLately = 0] = await add(90);
      const old = await add(80, 700);
      const [lastPending = 0] = await add(70);
      const [edge = 0] = await add(60);
      const young = await add(1, 3);
      for (const id of [parked, discarded, discardedLately]) {
        await store.chargeRefusal(id, "too large", daysAgo(90));
      }
      await outbox.deskAt(daysAgo(40)).discard(discarded, "a test order");
      await outbox.deskAt(daysAgo(2)).discard(discardedLately, "a test order");
      await store.markPublished(old, daysAgo(79));
      await store.markPublished([publishedLately], daysAgo(29));
      await store.markPublished([edge], daysAgo(31));
      await store.markPublished(young, daysAgo(1));

      expect(await prune(outbox.settled, 30)).toBe(old.length + 2);
      const kept = [pending, parked, discardedLately, publishedLately, lastPending, ...young];
      expect(await outbox.ids()).toEqual(kept);
    });

    test("without a retention nothing is pruned", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add(900, 3);
      await outbox.store.markPublished(ids, daysAgo(900));
      expect(await prune(outbox.settled, undefined)).toBe(0);
      expect(await outbox.ids()).toEqual(ids);
    });

    test("ids go on after everything was pruned, because sequence numbers must never repeat", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add(90, 3);
      await outbox.store.markPublished(ids, daysAgo(89));
      expect(await prune(outbox.settled, 30)).toBe(3);
      const [next = 0] = await outbox.add(1);
      expect(next).toBeGreaterThan(Math.max(...ids));
    });

    test("a row that is worth keeping since it was looked at stays", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add(90);
      await outbox.store.markPublished(ids, daysAgo(89));
      const { old } = await outbox.settled.scan(undefined, daysAgo(30), 10);
      expect(old).toHaveLength(1);
      await outbox.store.markPublished(ids, daysAgo(1));
      expect(await outbox.settled.remove(old, daysAgo(30))).toBe(0);
      expect(await outbox.ids()).toEqual(ids);
    });
  });
}
