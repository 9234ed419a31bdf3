import { describe, expect, test } from "bun:test";
import { newRow, type OpenOutboxDatabase } from "./test-outbox-database.ts";

const AT = "2026-01-02T03:04:05.678Z";
const REFUSAL = "too large";

/** What every outbox lets operators do; see `OutboxDesk`. */
export function describeOutboxDesk(kind: string, open: OpenOutboxDatabase): void {
  const openDesk = async () => {
    const database = await open();
    const { store } = await database.connect();
    const woken: string[] = [];
    const desk = database.openDesk(
      () => woken.push("woken"),
      () => Date.parse(AT),
    );
    return {
      ...database,
      store,
      desk,
      woken,
      add: (...keys: string[]) => database.append(keys.map((key) => newRow(key))),
      pending: async () => {
        const limits = { rows: 10, bytes: 1_000 };
        return (await store.readPending(new Map([["t", 2]]), [], limits)).map(({ id }) => id);
      },
    };
  };

  describe(`an operator's desk of an outbox in ${kind}`, () => {
    test("a discarded row frees its key's later rows, and wakes the relay", async () => {
      await using outbox = await openDesk();
      const { desk, woken, pending } = outbox;
      const [one = 0, two = 0, three = 0] = await outbox.add("a", "a", "b");
      await outbox.store.chargeRefusal(one, REFUSAL, AT);
      expect(await pending()).toEqual([three]);

      await desk.discard(one, "a test order");
      expect([await pending(), woken]).toEqual([[two, three], ["woken"]]);
      expect(await desk.find(one)).toMatchObject({ state: "discarded", discardedAt: AT });
      for (const id of [one, two, 4711]) {
        await expect(desk.discard(id, "again")).rejects.toMatchObject({ code: "NOT_FOUND" });
      }
    });

    test("a redriven row has all its attempts again, and wakes the relay", async () => {
      await using outbox = await openDesk();
      const { desk, woken, pending, store } = outbox;
      const [one = 0, two = 0, three = 0] = await outbox.add("a", "a", "b");
      await store.chargeRefusal(one, REFUSAL, null);
      await store.chargeRefusal(one, REFUSAL, AT);
      await store.chargeRefusal(three, REFUSAL, AT);
      expect(await pending()).toEqual([]);

      expect(await desk.redrive({ id: one })).toEqual([one]);
      expect([await pending(), woken]).toEqual([[one, two], ["woken"]]);
      expect([await store.attemptsOf(one), await store.attemptsOf(three)]).toEqual([0, 1]);
      expect(await desk.redrive({ key: "b" })).toEqual([three]);
    });

    test("neither a discarded nor a published row is redriven", async () => {
      await using outbox = await openDesk();
      const [one = 0, two = 0, three = 0] = await outbox.add("a", "b", "c");
      for (const id of [one, two]) await outbox.store.chargeRefusal(id, REFUSAL, AT);
      await outbox.desk.discard(one, "a test order");
      await outbox.store.markPublished([three], AT);
      expect(await outbox.desk.redrive({})).toEqual([two]);
      expect(await outbox.desk.redrive({ id: three })).toEqual([]);
      expect(await outbox.pending()).toEqual([two]);
    });

    test("published rows are published again upward by id, in steps, up to one that no reader takes", async () => {
      await using outbox = await openDesk();
      const { desk, store, pending, woken } = outbox;
      const ids = await outbox.add("a", "b", "a", "c", "a");
      const [one = 0, two = 0, three = 0, four = 0, five = 0] = ids;
      await store.markPublished(ids, AT);
      const faultOf = ({ partitionKey }: { partitionKey: string }) =>
        partitionKey === "c" ? "no good" : undefined;
      const told: number[][] = [];
      const steps = {
        rows: 2,
        pause: async () => {},
        onProgress: (done: number, of: number) => told.push([done, of]),
      };
      expect(await desk.countPublished({ key: "a" })).toBe(3);
      expect(await desk.republish({ key: "a" }, "a test", faultOf, steps)).toBe(3);
      expect([await pending(), told, woken]).toEqual([
        [one, three, five],
        [
          [2, 3],
          [3, 3],
        ],
        ["woken"],
      ]);
      const refused = desk.republish({ fromId: two }, "a test", faultOf, { ...steps, rows: 1 });
      await expect(refused).rejects.toMatchObject({ code: "EVENT_MALFORMED" });
      expect(await pending()).toEqual([one, two, three, five]);
      expect(await desk.republish({ id: three }, "a test", faultOf)).toBe(0);
      expect((await desk.find(four))?.state).toBe("published");
    });

    test("rows that were published before a time are pruned in steps, and no others", async () => {
      await using outbox = await openDesk();
      const { desk, store } = outbox;
      const ids = await outbox.add("a", "b", "c", "d", "e");
      const [one = 0, two = 0, three = 0, four = 0, five = 0] = ids;
      await store.markPublished([one, three, five], "2026-01-01T00:00:00.000Z");
      await store.markPublished([two], "2026-02-01T00:00:00.000Z");
      await store.chargeRefusal(four, REFUSAL, "2026-01-01T00:00:00.000Z");
      const steps = { rows: 1, pause: async () => {} };
      expect(await desk.countPublishedBefore(AT)).toBe(3);
      expect(await desk.prune(AT, steps)).toBe(3);
      expect((await desk.list({}, 10)).map(({ id }) => id)).toEqual([two, four]);
    });

    test("rows are counted by state", async () => {
      await using outbox = await openDesk();
      const { desk, store } = outbox;
      const [one = 0, two = 0, three = 0] = await outbox.add("a", "b", "c", "d");
      await store.markPublished([one], AT);
      await store.chargeRefusal(two, REFUSAL, AT);
      await store.chargeRefusal(three, REFUSAL, AT);
      await desk.discard(three, "a test order");
      expect(await desk.counts()).toMatchObject({
        pending: 1,
        published: 1,
        parked: 1,
        discarded: 1,
        oldestPendingAt: expect.any(String),
      });
      expect((await desk.parked({})).map(({ id }) => id)).toEqual([two]);
      expect(await desk.parked({ key: "d" })).toEqual([]);
      const nothing = desk.acceptPartitions("t", 3, "a test");
      await expect(nothing).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("rows are listed in id order, by state and key, from any place on", async () => {
      await using outbox = await openDesk();
      const { desk, store } = outbox;
      const ids = await outbox.add("a", "b", "a", "a");
      const [one = 0, two = 0, three = 0, four = 0] = ids;
      await store.markPublished([one], AT);
      await store.chargeRefusal(three, REFUSAL, AT);
      const list = async (...of: Parameters<typeof desk.list>) =>
        (await desk.list(...of)).map(({ id, state }) => [id, state]);
      expect(await list({}, 3)).toEqual([
        [one, "published"],
        [two, "pending"],
        [three, "parked"],
      ]);
      expect(await list({ afterId: three }, 3)).toEqual([[four, "pending"]]);
      expect(await list({ state: "pending" }, 3)).toEqual([
        [two, "pending"],
        [four, "pending"],
      ]);
      expect(await list({ state: "parked", key: "a" }, 3)).toEqual([[three, "parked"]]);
      expect(await list({ state: "parked", key: "b" }, 3)).toEqual([]);
      expect(await desk.find(three)).toMatchObject({ key: "a", topic: "t", payload: {} });
      expect(await desk.find(4711)).toBeUndefined();
    });
  });
}
