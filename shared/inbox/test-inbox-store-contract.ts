import { afterEach, describe, expect, test } from "bun:test";
import { createOffsetTracker } from "./offset-tracker.ts";
import { createRecordCommits } from "./record-commits.ts";
import type { InboxStore } from "./store.ts";
import {
  AT,
  apply,
  CLUSTER,
  commits,
  event,
  hold,
  type OpenedInbox,
  openedBy,
  recordAt,
} from "./test-opened-inbox.ts";

/** Records `0…count - 1` of a partition that are being worked on. */
function workOn({ units }: OpenedInbox, consumer: string, count: number, clusterId = CLUSTER) {
  const records = createRecordCommits({ units, consumer, now: () => Date.parse(AT) });
  const tracker = createOffsetTracker(0);
  for (let offset = 0; offset < count; offset++) tracker.start(offset);
  return (offset: number, ...effects: Parameters<typeof records.commit>[1]) =>
    records.commit({ clusterId, tracker, record: recordAt(offset) }, effects);
}

const nextOf = async (store: InboxStore, clusterId = CLUSTER) =>
  store.nextOffset(clusterId, "t", 0);

/** What every store of an inbox keeps; see {@link InboxStore}. Held events have a suite of their own. */
export function describeInboxStore(kind: string, open: () => Promise<OpenedInbox>): void {
  describe(`an inbox in ${kind}`, () => {
    const { fresh, close } = openedBy(open);
    afterEach(close);

    test("a partition goes on after its finished records, of each consumer and cluster alone", async () => {
      const inbox = await fresh();
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      const finish = workOn(inbox, "a", 3);
      for (const offset of [0, 1, 2]) await finish(offset);
      await workOn(inbox, "a", 1, "cluster-2")(0);
      await workOn(inbox, "b", 2)(0);
      expect([await nextOf(a), await nextOf(a, "cluster-2"), await nextOf(b)]).toEqual([3, 1, 1]);
      expect(await nextOf(b, "cluster-2")).toBeUndefined();
      expect(await a.nextOffset(CLUSTER, "t", 1)).toBeUndefined();
      expect(await a.nextOffset(CLUSTER, "u", 0)).toBeUndefined();
    });

    test("an offset passes no record that is open, whatever was finished after it", async () => {
      const inbox = await fresh();
      const finish = workOn(inbox, "a", 4);
      await Promise.all([finish(1), finish(3)]);
      expect(await nextOf(inbox.store("a"))).toBe(0);
      await finish(0);
      expect(await nextOf(inbox.store("a"))).toBe(2);
      await finish(2);
      expect(await nextOf(inbox.store("a"))).toBe(4);
    });

    test("an offset passes no record whose work was refused in the same turn", async () => {
      const inbox = await fresh();
      await commits(inbox, apply("a", event("known")));
      const finish = workOn(inbox, "a", 3);
      const results = await Promise.all([
        finish(0, apply("a", event("one"))),
        finish(1, apply("a", event("known"))),
        finish(2, apply("a", event("two"))),
      ]);
      expect(results.map(({ committed }) => committed)).toEqual([true, false, true]);
      expect(await nextOf(inbox.store("a"))).toBe(1);
    });

    test("work that was begun before does not set an offset back", async () => {
      const inbox = await fresh();
      const [before, now] = [workOn(inbox, "a", 2), workOn(inbox, "a", 2)];
      await Promise.all([now(0), now(1)]);
      await before(0);
      expect(await nextOf(inbox.store("a"))).toBe(2);
    });

    test("an operator sets an offset back and forth, of one consumer, cluster and partition", async () => {
      const inbox = await fresh();
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      for (const store of [a, b]) await store.setOffset(CLUSTER, "t", 0, 7, AT);
      await a.setOffset("cluster-2", "t", 0, 8, AT);
      await a.setOffset(CLUSTER, "t", 1, 9, AT);
      await a.setOffset(CLUSTER, "t", 0, 2, AT);
      expect([await nextOf(a), await nextOf(a, "cluster-2"), await nextOf(b)]).toEqual([2, 8, 7]);
      expect(await a.nextOffset(CLUSTER, "t", 1)).toBe(9);
    });

    test("a cluster is new to a consumer that has offsets of others alone", async () => {
      const inbox = await fresh();
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      expect(await a.isNewCluster(CLUSTER)).toBe(false);
      await a.setOffset(CLUSTER, "t", 0, 1, AT);
      expect([await a.isNewCluster(CLUSTER), await a.isNewCluster("cluster-2")]).toEqual([
        false,
        true,
      ]);
      expect(await b.isNewCluster("cluster-2")).toBe(false);
    });

    test("a database has an id of its own, whoever asks", async () => {
      const [one, other] = [await fresh(), await fresh()];
      const id = await one.store("a").databaseId();
      expect(id).not.toBe("");
      expect(await one.store("b").databaseId()).toBe(id);
      expect(await other.store("a").databaseId()).not.toBe(id);
    });

    test("an event is applied once by each consumer, and is known by its source and id", async () => {
      const inbox = await fresh();
      expect(await commits(inbox, apply("a", event("e")))).toBe(true);
      expect(await commits(inbox, apply("a", event("e")))).toBe(false);
      expect(await commits(inbox, apply("a", event("e", "/other")))).toBe(true);
      expect(await commits(inbox, apply("b", event("e")))).toBe(true);
      const known = async (consumer: string, id: string, source = "/tests") =>
        (await inbox.store(consumer).lookUp({ id, source }, "order-1")).applied;
      expect([await known("a", "e"), await known("a", "e", "/other")]).toEqual([true, true]);
      expect([await known("b", "e"), await known("b", "e", "/other")]).toEqual([true, false]);
      expect([await known("a", "f"), await known("c", "e")]).toEqual([false, false]);
    });

    test("of one event that is worked on twice at once one is applied, and the other leaves nothing", async () => {
      const inbox = await fresh();
      const results = await Promise.all([
        commits(inbox, apply("a", event("e")), apply("a", event("first"))),
        commits(inbox, hold("a", 1), apply("a", event("second")), apply("a", event("e"))),
        commits(inbox, apply("a", event("other"))),
      ]);
      expect(results).toEqual([true, false, true]);
      const known = async (id: string) =>
        (await inbox.store("a").lookUp(event(id), "order-1")).applied;
      expect([await known("first"), await known("second"), await known("other")]).toEqual([
        true,
        false,
        true,
      ]);
      expect(await inbox.store("a").heldOfKey("order-1")).toEqual([]);
    });

    test("requests come in order, to their consumer or to whichever there is, until they are finished", async () => {
      const inbox = await fresh();
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      expect(await a.nextRequest()).toBeUndefined();
      const ask = (consumer: string | null, target: string, reason: string | null = null) =>
        inbox.ask({ consumer, kind: "REDRIVE", target, reason });
      await ask("b", "1", "for b");
      await ask("a", "2");
      await ask(null, "3");
      expect([a.mayHaveRequests(), b.mayHaveRequests()]).toEqual([true, true]);
      const [first, ofA] = [await b.nextRequest(), await a.nextRequest()];
      expect(first).toMatchObject({ kind: "REDRIVE", target: "1", reason: "for b" });
      expect(ofA).toMatchObject({ target: "2", reason: null });
      const missing = { code: "NOT_FOUND" };
      await expect(a.finishRequest(first?.id ?? 0, {}, AT)).rejects.toMatchObject(missing);
      await expect(b.finishRequest(999, {}, AT)).rejects.toMatchObject(missing);
      await b.finishRequest(first?.id ?? 0, { redriven: 2 }, AT);
      await expect(b.finishRequest(first?.id ?? 0, {}, AT)).rejects.toMatchObject(missing);
      expect(await b.nextRequest()).toMatchObject({ target: "3" });
      expect(await a.nextRequest()).toMatchObject({ target: "2" });
      expect(await inbox.desk.findRequest(first?.id ?? 0)).toMatchObject({
        finishedAt: AT,
        outcome: { redriven: 2 },
      });
      for (const store of [a, b]) {
        for (let next = await store.nextRequest(); next; next = await store.nextRequest()) {
          await store.finishRequest(next.id, {}, AT);
        }
      }
      expect(await a.nextRequest()).toBeUndefined();
    });

    test("a request that comes after one that was looked for in vain is noticed", async () => {
      const inbox = await fresh();
      const store = inbox.store("a");
      store.mayHaveRequests();
      await inbox.ask({ consumer: "a", kind: "REDRIVE", target: "{}", reason: null });
      expect(store.mayHaveRequests()).toBe(true);
    });

    test("what operators decide is on record, in order", async () => {
      const inbox = await fresh();
      const entries = [
        { at: AT, action: "REDRIVE", target: { heldId: 1 }, reason: null },
        { at: AT, action: "RESET_OFFSET", target: { topic: "t", to: 0 }, reason: "again" },
      ];
      for (const entry of entries) await inbox.store("a").audit(entry);
      expect(await inbox.audited()).toEqual(entries);
    });

    test("old events are forgotten, and those of their consumer alone", async () => {
      const inbox = await fresh();
      const [old, young] = ["2026-01-01", "2026-03-01"];
      for (const consumer of ["a", "b"]) {
        for (const source of ["/x", "/y"]) {
          for (const id of ["1", "2", "3"]) {
            await commits(inbox, apply(consumer, event(id, source), id === "3" ? young : old));
          }
        }
      }
      const { appliedEvents } = inbox.store("a");
      for (const limit of [1, 2, 3, 5, 100]) expect(await oldOf(inbox, limit)).toHaveLength(4);
      const rows = await oldOf(inbox, 5);
      expect(await appliedEvents.remove(rows.slice(0, 1), "2025")).toBe(0);
      expect(await appliedEvents.remove(rows, "2026-02-01")).toBe(4);
      const known = async (consumer: string, id: string, source: string) =>
        (await inbox.store(consumer).lookUp({ id, source }, "k")).applied;
      for (const source of ["/x", "/y"]) {
        expect([await known("a", "1", source), await known("a", "2", source)]).toEqual([
          false,
          false,
        ]);
        expect(await known("a", "3", source)).toBe(true);
        for (const id of ["1", "2", "3"]) expect(await known("b", id, source)).toBe(true);
      }
    });
  });
}

/** The old rows of consumer `a`, by steps of so many rows. */
async function oldOf(inbox: OpenedInbox, limit: number): Promise<unknown[]> {
  const { scan } = inbox.store("a").appliedEvents;
  const found: unknown[] = [];
  let after: unknown;
  do {
    const { old, last } = await scan(after, "2026-02-01", limit);
    found.push(...old);
    after = last;
  } while (after !== undefined);
  return found;
}
