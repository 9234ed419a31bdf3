import { afterEach, describe, expect, test } from "bun:test";
import { changeHeld, releaseHeld } from "./effects.ts";
import type { HeldEvent } from "./store.ts";
import {
  AT,
  apply,
  CLUSTER,
  commits,
  event,
  heldWith,
  hold,
  type OpenedInbox,
  openedBy,
  recordAt,
} from "./test-opened-inbox.ts";

const at = (seconds: number) => new Date(Date.parse(AT) + seconds * 1_000).toISOString();
const retryAt = (seconds: number) => ({ state: "RETRYING", nextAttemptAt: at(seconds) }) as const;

/** What every store of an inbox keeps of the events that are set aside, and what its desk does. */
export function describeHeldEvents(kind: string, open: () => Promise<OpenedInbox>): void {
  describe(`held events in ${kind}`, () => {
    const { fresh, close } = openedBy(open);
    afterEach(close);

    async function firstOf(inbox: OpenedInbox, consumer = "a", key = "order-1") {
      const [held] = await inbox.store(consumer).heldOfKey(key);
      return held as HeldEvent;
    }

    test("an event is set aside whole, and comes back as it was", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 5, retryAt(1)));
      const [held, ...others] = await inbox.store("a").heldOfKey("order-1");
      expect(others).toEqual([]);
      expect(held).toEqual({
        ...heldWith(retryAt(1)),
        id: expect.any(Number),
        clusterId: CLUSTER,
        record: recordAt(5),
      });
      expect(await inbox.store("a").heldById(held?.id ?? 0)).toEqual(held as HeldEvent);
    });

    test("a record without a key, a value and an identity is set aside, too", async () => {
      const inbox = await fresh();
      const nobody = { eventId: null, eventSource: null, eventType: null, eventKey: null };
      await commits(inbox, hold("a", 1, nobody));
      const [item] = await inbox.desk.list({}, 10);
      expect(await inbox.store("a").heldById(item?.id ?? 0)).toMatchObject(nobody);
      expect(await inbox.store("a").facts()).toEqual({ held: { PARKED: 1 } });
    });

    test("a key's events come in the order in which they were held, each consumer's alone", async () => {
      const inbox = await fresh();
      for (const offset of [9, 3, 7]) {
        await commits(inbox, hold("a", offset, offset === 9 ? {} : { state: "BEHIND" }));
      }
      await commits(inbox, hold("a", 4, { eventKey: "order-2" }));
      await commits(inbox, hold("b", 3, { state: "WAITING" }));
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      const offsets = (held: HeldEvent[]) => held.map(({ record }) => record.offset);
      expect(offsets(await a.heldOfKey("order-1"))).toEqual([9, 3, 7]);
      expect(await a.heldStates("order-1")).toEqual(["PARKED", "BEHIND", "BEHIND"]);
      expect((await a.lookUp(event("e"), "order-1")).held).toEqual(["PARKED", "BEHIND", "BEHIND"]);
      expect([await b.heldStates("order-1"), await b.heldStates("order-2")]).toEqual([
        ["WAITING"],
        [],
      ]);
      expect(await b.heldById((await firstOf(inbox)).id)).toBeUndefined();
    });

    test("a record that is read again stays held as it is; another cluster's is another", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1));
      await commits(inbox, hold("a", 1, { state: "BEHIND", lastError: "again" }));
      expect(await inbox.store("a").heldOfKey("order-1")).toMatchObject([{ lastError: "poison" }]);
      const effect = hold("a", 1);
      const other = { ...(effect.value as object), clusterId: "cluster-2" };
      await commits(inbox, { ...effect, value: other });
      expect(await inbox.store("a").heldOfKey("order-1")).toHaveLength(2);
    });

    test("a look sees what was held right before it, and no longer what was released", async () => {
      const inbox = await fresh();
      const store = inbox.store("a");
      const look = async () => (await store.lookUp(event("e"), "order-1")).held;
      expect(await look()).toEqual([]);
      await commits(inbox, hold("a", 1));
      expect(await look()).toEqual(["PARKED"]);
      await commits(inbox, releaseHeld({ id: (await firstOf(inbox)).id }));
      expect([await look(), await store.heldStates("order-1")]).toEqual([[], []]);
    });

    test("another attempt changes nothing but how the event is held", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1), hold("a", 2));
      const [before, other] = await inbox.store("a").heldOfKey("order-1");
      const holding = {
        ...retryAt(9),
        errorCode: "INTERNAL",
        lastError: "busy",
        attempts: 4,
      };
      await commits(inbox, changeHeld({ id: before?.id ?? 0, holding, alone: false }));
      expect(await inbox.store("a").heldOfKey("order-1")).toEqual([
        { ...(before as HeldEvent), ...holding },
        other as HeldEvent,
      ]);
    });

    test("an event that stands alone gives up its key, and nothing waits for it", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1));
      const { id, state, errorCode, lastError, attempts, nextAttemptAt } = await firstOf(inbox);
      const holding = { state, errorCode, lastError, attempts, nextAttemptAt };
      await commits(inbox, changeHeld({ id, holding, alone: true }));
      expect(await inbox.store("a").heldStates("order-1")).toEqual([]);
      expect(await inbox.store("a").heldById(id)).toMatchObject({ eventKey: null, state });
    });

    test("the number of a held event that is gone is not given again: the audit names it", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1));
      const { id } = await firstOf(inbox);
      await commits(inbox, releaseHeld({ id }), hold("a", 2));
      expect((await firstOf(inbox)).id).toBeGreaterThan(id);
    });

    test("retries are due by their time, the longest due first, and each consumer's alone", async () => {
      const inbox = await fresh();
      for (const [offset, seconds] of [8, 2, 5, 100].entries()) {
        await commits(
          inbox,
          hold("a", offset, { ...retryAt(seconds), eventKey: `key-${seconds}` }),
        );
      }
      await commits(inbox, hold("a", 9), hold("b", 9, { ...retryAt(1), eventKey: "of b" }));
      const [a, b] = [inbox.store("a"), inbox.store("b")];
      expect(await a.dueKeys(at(5), at(50), 10)).toEqual(["key-2", "key-5", "key-100"]);
      expect(await a.dueKeys(at(5), at(50), 1)).toEqual(["key-2"]);
      expect(await a.dueKeys(at(1), at(100), 10)).toEqual([]);
      expect([await a.nextDueAt(), await b.nextDueAt()]).toEqual([at(2), at(1)]);
      expect(await inbox.store("c").nextDueAt()).toBeUndefined();
    });

    test("keys whose events only wait are found page by page, each consumer's alone", async () => {
      const inbox = await fresh();
      for (const [offset, key] of ["k3", "k1", "k2", "k1"].entries()) {
        const state = offset % 2 === 0 ? "BEHIND" : "WAITING";
        await commits(inbox, hold("a", offset, { state, eventKey: key }));
      }
      await commits(inbox, hold("a", 9, { eventKey: "k0" }));
      await commits(inbox, hold("b", 9, { state: "BEHIND", eventKey: "k9" }));
      const store = inbox.store("a");
      expect(await store.idleKeys("", 2)).toEqual(["k1", "k2"]);
      expect(await store.idleKeys("k2", 2)).toEqual(["k3"]);
      expect(await store.idleKeys("k3", 2)).toEqual([]);
    });

    test("a discarded event is gone, on record, and remembered only where that is asked for", async () => {
      const inbox = await fresh();
      const store = inbox.store("a");
      await commits(inbox, hold("a", 1), hold("a", 2));
      const [first, second] = await store.heldOfKey("order-1");
      const audit = { at: AT, action: "DISCARD", target: { heldId: 1 }, reason: "a test" };
      await store.discard(first as HeldEvent, event("first"), audit);
      await store.discard(second as HeldEvent, undefined, audit);
      expect(await store.heldOfKey("order-1")).toEqual([]);
      expect(await inbox.audited()).toEqual([audit, audit]);
      expect((await store.lookUp(event("first"), "k")).applied).toBe(true);
      expect((await store.lookUp(event("event-1"), "k")).applied).toBe(false);
      expect((await inbox.store("b").lookUp(event("first"), "k")).applied).toBe(false);
      expect(await commits(inbox, apply("a", event("first")))).toBe(false);
    });

    test("a discard that cannot be put on record does not take place", async () => {
      const inbox = await fresh();
      const store = inbox.store("a");
      await commits(inbox, hold("a", 1));
      await inbox.spoilAudit();
      const audit = { at: AT, action: "DISCARD", target: {}, reason: "a test" };
      await expect(store.discard(await firstOf(inbox), event("first"), audit)).rejects.toThrow();
      expect(await store.heldStates("order-1")).toEqual(["PARKED"]);
      expect((await store.lookUp(event("first"), "k")).applied).toBe(false);
    });

    test("held events are counted by state, each consumer's alone", async () => {
      const inbox = await fresh();
      await commits(inbox, hold("a", 1), hold("a", 2), hold("a", 3, { state: "BEHIND" }));
      await commits(inbox, hold("b", 1, { state: "WAITING" }));
      expect(inbox.store("a").facts()).toEqual({ held: { PARKED: 2, BEHIND: 1 } });
      expect(inbox.store("b").facts()).toEqual({ held: { WAITING: 1 } });
      expect(inbox.store("c").facts()).toEqual({ held: {} });
    });
  });
}
