import { afterEach, describe, expect, test } from "bun:test";
import { commits, hold, type OpenedInbox, openedBy, recordAt } from "./test-opened-inbox.ts";

/** What operators are shown of the held events of all consumers, and what they ask for. */
export function describeHeldDesk(kind: string, open: () => Promise<OpenedInbox>): void {
  describe(`the desk of held events in ${kind}`, () => {
    const { fresh, close } = openedBy(open);
    afterEach(close);

    /** Two of a key, one of another, one that stands alone, one of another consumer. */
    async function withHeld() {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1, { attempts: 3 }));
      await commits(inbox, hold("a", 2, { state: "BEHIND" }));
      await commits(inbox, hold("a", 3, { eventKey: "order-2" }));
      await commits(inbox, hold("a", 4, { eventKey: null, errorCode: "EVENT_MALFORMED" }));
      await commits(inbox, hold("b", 1, { eventKey: "order-3", state: "WAITING" }));
      const ids = (await inbox.desk.list({}, 100)).map(({ id }) => id);
      return { inbox, desk: inbox.desk, ids };
    }

    test("held events are listed in the order in which they were held, page by page", async () => {
      const { desk, ids } = await withHeld();
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(ids).toHaveLength(5);
      const page = async (afterId: number | undefined, limit: number) =>
        (await desk.list({ afterId }, limit)).map(({ id }) => id);
      expect(await page(undefined, 2)).toEqual(ids.slice(0, 2));
      expect(await page(ids[1], 100)).toEqual(ids.slice(2));
      expect(await page(ids[4], 100)).toEqual([]);
    });

    test("they are found by state and by key; what stands alone by the key that it claims", async () => {
      const { desk } = await withHeld();
      const offsets = async (filter: Parameters<typeof desk.list>[0]) =>
        (await desk.list(filter, 100)).map(({ offset }) => offset);
      expect(await offsets({ state: "BEHIND" })).toEqual([2]);
      expect(await offsets({ key: "order-2" })).toEqual([3]);
      expect(await offsets({ key: "order-1" })).toEqual([1, 2, 4]);
      expect(await offsets({ key: "order-1", state: "PARKED" })).toEqual([1, 4]);
      expect(await offsets({ key: "order-9" })).toEqual([]);
    });

    test("one is shown with its headers and its payload", async () => {
      const { desk, ids } = await withHeld();
      const { topic, partition, offset, value, headers } = recordAt(1);
      const item = await desk.find(ids[0] ?? 0);
      expect(item).toMatchObject({
        id: ids[0] ?? 0,
        state: "PARKED",
        key: "order-1",
        attempts: 3,
        ...{ topic, partition, offset, headers },
        payload: value?.toString(),
      });
      expect(await desk.find(999)).toBeUndefined();
    });

    test("what is asked of a held event goes to the consumer that holds it", async () => {
      const { inbox, desk, ids } = await withHeld();
      const asked = [
        ...(await desk.redrive({ key: "order-1" })),
        await desk.discard(ids[2] ?? 0, "a test order"),
        ...(await desk.redrive({ key: "order-3" })),
      ];
      expect(new Set(asked).size).toBe(4);
      const work = async (consumer: string) => {
        const store = inbox.store(consumer);
        const requests: unknown[] = [];
        for (let next = await store.nextRequest(); next; next = await store.nextRequest()) {
          requests.push([next.kind, JSON.parse(next.target), next.reason]);
          await store.finishRequest(next.id, {}, "2026-01-01");
        }
        return requests;
      };
      expect(await work("a")).toEqual([
        ["REDRIVE", { eventKey: "order-1" }, null],
        ["REDRIVE", { heldId: ids[3] }, null],
        ["DISCARD", { heldId: ids[2] }, "a test order"],
      ]);
      expect(await work("b")).toEqual([["REDRIVE", { eventKey: "order-3" }, null]]);
    });

    test("a redrive asks once for each key, and for each event without one", async () => {
      const { desk, ids } = await withHeld();
      const plan = async (which: Parameters<typeof desk.planRedrive>[0]) =>
        (await desk.planRedrive(which)).map(({ consumer, target }) => [consumer, target]);
      const ofOrder1 = ["a", { eventKey: "order-1" }];
      const alone = ["a", { heldId: ids[3] }];
      expect(await plan({ id: ids[1] ?? 0 })).toEqual([ofOrder1]);
      expect(await plan({ id: ids[3] ?? 0 })).toEqual([alone]);
      expect(await plan({ key: "order-1" })).toEqual([ofOrder1, alone]);
      expect(await plan("parked")).toEqual([ofOrder1, ["a", { eventKey: "order-2" }], alone]);
      expect(await plan({ id: 999 })).toEqual([]);
    });

    test("a request that is open is not made twice, and one that is finished is", async () => {
      const { inbox, desk } = await withHeld();
      const [first = 0] = await desk.redrive({ key: "order-2" });
      expect(await desk.redrive({ key: "order-2" })).toEqual([first]);
      await inbox.store("a").finishRequest(first, {}, "2026-01-01");
      const [second = 0] = await desk.redrive({ key: "order-2" });
      expect(second).toBeGreaterThan(first);
      const place = { topic: "t", partition: 0, to: "latest" } as const;
      const reset = await desk.resetOffset("a", place, "a test");
      expect(await desk.resetOffset("a", place, "a test")).toBe(reset);
      expect(await desk.resetOffset("b", place, "a test")).not.toBe(reset);
      expect((await desk.requests([first, second, 999])).map(({ id }) => id)).toEqual([
        first,
        second,
      ]);
    });

    test("what is held, remembered and asked for is counted", async () => {
      const { desk } = await withHeld();
      await desk.redrive({ key: "order-2" });
      expect(await desk.counts()).toMatchObject({
        held: { RETRYING: 0, BEHIND: 1, WAITING: 1, PARKED: 3 },
        inbox: 0,
        openRequests: 1,
        oldestHeldAt: expect.any(String),
      });
    });

    test("what is not held cannot be asked for, and leaves no request", async () => {
      const { inbox, desk } = await withHeld();
      const missing = { code: "NOT_FOUND" };
      await expect(desk.redrive({ id: 999 })).rejects.toMatchObject(missing);
      await expect(desk.redrive({ key: "order-9" })).rejects.toMatchObject(missing);
      await expect(desk.discard(999, "why not")).rejects.toMatchObject(missing);
      expect(await inbox.store("a").nextRequest()).toBeUndefined();
    });

    test("a request is shown as it stands", async () => {
      const { inbox, desk, ids } = await withHeld();
      const id = await desk.discard(ids[0] ?? 0, "a test order");
      const open = {
        kind: "DISCARD",
        target: { heldId: ids[0] },
        reason: "a test order",
        finishedAt: null,
        outcome: null,
      };
      expect(await desk.findRequest(id)).toMatchObject(open);
      await inbox.store("a").finishRequest(id, { discarded: 1 }, "2026-01-01");
      expect(await desk.findRequest(id)).toMatchObject({
        ...open,
        finishedAt: "2026-01-01",
        outcome: { discarded: 1 },
      });
      expect(await desk.findRequest(999)).toBeUndefined();
    });
  });
}
