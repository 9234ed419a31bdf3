import { describe, expect, test } from "bun:test";
import { keyHash } from "@order-outbox/kafka";
import { watchOldestPending } from "./oldest-pending.ts";
import type { NewRow } from "./publish.ts";
import type { OutboxStore } from "./store.ts";
import { keysOf } from "./test-outbox.ts";
import { newRow, type OpenOutboxDatabase } from "./test-outbox-database.ts";

const AT = "2026-01-02T03:04:05.678Z";
const [a = "", b = ""] = keysOf(0, 2, 2);
const [c = ""] = keysOf(1, 2, 1);
const TOPICS = new Map([["t", 2]]);

interface Reading {
  topics?: ReadonlyMap<string, number>;
  held?: number[];
  rows?: number;
  bytes?: number;
  except?: number[];
}

/** What every outbox keeps that a relay publishes from; see {@link OutboxStore}. */
export function describeOutboxStore(kind: string, open: OpenOutboxDatabase): void {
  const openStore = async () => {
    const database = await open();
    const { store } = await database.connect();
    return {
      ...database,
      store,
      /** Appends one row per key, one after the other. */
      add: (keys: string[], row?: Partial<NewRow>) =>
        database.append(keys.map((key) => newRow(key, row))),
      list: () => database.openDesk(() => {}, Date.now).list({}, 100),
      pending: (reading?: Reading) => pendingIds(store, reading),
    };
  };

  describe(`an outbox in ${kind}`, () => {
    test("an event is read back as it was, with the hash of its key", async () => {
      await using outbox = await openStore();
      const row = newRow("key", {
        payload: '{"amount":99.99,"note":"Grüße"}',
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      });
      const [id = 0] = await outbox.append([row]);
      const read = await outbox.store.readPending(TOPICS, [], { rows: 10, bytes: 1_000 });
      expect(read).toEqual([
        { ...row, id, keyHash: keyHash("key"), traceparent: row.traceparent ?? "" },
      ]);
    });

    test("pending rows are read in id order, up to a limit, of the given topics", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add([c, a, b, a, c]);
      const [other = 0] = await outbox.add([a], { topic: "another topic" });
      expect(ids).toEqual(ids.toSorted((one, two) => one - two));
      expect(await outbox.pending()).toEqual(ids);
      expect(await outbox.pending({ rows: 2 })).toEqual(ids.slice(0, 2));
      expect(await outbox.pending({ topics: new Map() })).toEqual([]);
      expect(await outbox.pending({ topics: new Map([["another topic", 1]]) })).toEqual([other]);
      const [first = 0, , third = 0] = ids;
      expect(await outbox.store.markPublished([first, third], AT)).toBe(true);
      expect(await outbox.pending()).toEqual(ids.filter((id) => id !== first && id !== third));
      const published = (await outbox.list()).filter(({ state }) => state === "published");
      expect(published.map(({ id, publishedAt }) => [id, publishedAt])).toEqual([
        [first, AT],
        [third, AT],
      ]);
    });

    test("a read ends with the row after those that fill a round", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add([a, b, c, a, b, c], { payload: `"${"x".repeat(98)}"` });
      expect(await outbox.pending({ bytes: 250 })).toEqual(ids.slice(0, 4));
      expect(await outbox.pending({ bytes: 250, rows: 3 })).toEqual(ids.slice(0, 3));
      expect(await outbox.pending({ bytes: 1 })).toEqual(ids.slice(0, 2));
      expect(await outbox.pending({ bytes: Number.POSITIVE_INFINITY })).toEqual(ids);
    });

    test("a held partition's rows are left out, and come back", async () => {
      await using outbox = await openStore();
      const [one = 0, two = 0, three = 0, four = 0] = await outbox.add([a, c, b, c]);
      expect(await outbox.pending({ held: [0] })).toEqual([two, four]);
      expect(await outbox.pending({ held: [1] })).toEqual([one, three]);
      expect(await outbox.pending({ held: [0, 1] })).toEqual([]);
      expect(await outbox.pending()).toEqual([one, two, three, four]);
    });

    test("rows that are on their way are left out, whatever is pending before or between them", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add([a, b, c, a, b]);
      const [one = 0, two = 0, three = 0, four = 0] = ids;
      expect(await outbox.pending({ except: [two, four], rows: 2 })).toEqual([one, three]);
      expect(await outbox.pending({ except: ids })).toEqual([]);
    });

    test("a topic's name is data, whatever is in it", async () => {
      await using outbox = await openStore();
      const topic = "it's' OR 1=1 --";
      const topics = new Map([[topic, 2]]);
      await outbox.add([a], { topic: "another topic" });
      const ids = await outbox.add([a], { topic });
      expect(await outbox.pending({ topics })).toEqual(ids);
      const limits = { rows: 10, bytes: 1_000 };
      expect(await outbox.store.readPending(topics, [{ topic, partition: 0 }], limits)).toEqual([]);
    });

    test("behind a parked row wait the later rows of its key in its topic, and nothing else", async () => {
      await using outbox = await openStore();
      const [one = 0, two = 0, , four = 0, five = 0] = await outbox.add([a, a, a, b, c]);
      const [other = 0] = await outbox.add([a], { topic: "another topic" });
      await outbox.store.chargeRefusal(two, "too large", AT);
      const topics = new Map([...TOPICS, ["another topic", 1]]);
      expect(await outbox.pending({ topics })).toEqual([one, four, five, other]);
    });

    test("marks of a former owner of the lease change nothing", async () => {
      await using outbox = await openStore();
      const ids = await outbox.add([a, b]);
      const { lease } = await outbox.connect();
      const row = { owner: "former", host: "here", pid: 1, fencing: 1, expiresAt: 1 };
      await lease.replace(undefined, row);
      await lease.replace(row, { ...row, owner: "owner", fencing: 2 });

      expect(await outbox.store.markPublished(ids, AT, 1)).toBe(false);
      expect(await outbox.pending()).toEqual(ids);
      expect(await outbox.store.markPublished(ids, AT, 2)).toBe(true);
      expect(await outbox.pending()).toEqual([]);
    });

    test("a refusal is charged to one row, which is parked only when that is asked for", async () => {
      await using outbox = await openStore();
      const [one = 0, two = 0] = await outbox.add([a, b]);
      await outbox.store.chargeRefusal(one, "too large", null);
      await outbox.store.chargeRefusal(one, "still too large", null);
      expect(await outbox.store.attemptsOf(one)).toBe(2);
      expect(await outbox.store.attemptsOf(two)).toBe(0);
      const refused = { state: "pending", attempts: 2, lastError: "still too large" };
      expect(await outbox.list()).toMatchObject([refused, { attempts: 0, lastError: null }]);
      expect(await outbox.pending()).toEqual([one, two]);
      await outbox.store.chargeRefusal(one, "too large", AT);
      expect(await outbox.list()).toMatchObject([{ state: "parked", parkedAt: AT }, {}]);
      expect(await outbox.pending()).toEqual([two]);
    });

    test("the facts tell the oldest pending row's time and how many rows are parked", async () => {
      await using outbox = await openStore();
      const { facts } = outbox.reader;
      expect(await facts()).toEqual({ oldestPendingAt: null, parked: 0 });
      const at = (second: number) => ({ createdAt: `2026-01-01T00:00:0${second}.000Z` });
      const [one = 0] = await outbox.add([a], at(0));
      const [two = 0] = await outbox.add([b], at(1));
      await outbox.add([c], at(2));
      await outbox.store.markPublished([one], AT);
      expect(await facts()).toEqual({ oldestPendingAt: at(1).createdAt, parked: 0 });
      await outbox.store.chargeRefusal(two, "too large", AT);
      expect(await facts()).toEqual({ oldestPendingAt: at(2).createdAt, parked: 1 });
    });

    test("the count of pending rows leaves out what is published or parked", async () => {
      await using outbox = await openStore();
      const { countPending } = outbox.reader;
      expect(await countPending()).toBe(0);
      const [one = 0, two = 0] = await outbox.add([a, b, c]);
      expect(await countPending()).toBe(3);
      await outbox.store.markPublished([one], AT);
      await outbox.store.chargeRefusal(two, "too large", AT);
      expect(await countPending()).toBe(1);
    });

    test("the oldest row that may be sent is watched, not one that waits behind a parked row of its key", async () => {
      await using outbox = await openStore();
      let elapsed = 0;
      const pendingFor = watchOldestPending(outbox.store, () => elapsed);
      const [refused = 0] = await outbox.add([a, a]);
      expect(await pendingFor()).toBe(0);
      elapsed += 5;
      expect(await pendingFor()).toBe(5);
      await outbox.store.chargeRefusal(refused, "too large", AT);
      expect(await pendingFor()).toBe(0);
      elapsed += 40_000;
      expect(await pendingFor()).toBe(0);
      await outbox.add([b]);
      expect(await pendingFor()).toBe(0);
      elapsed += 7;
      expect(await pendingFor()).toBe(7);
    });

    test("the first contact with a topic records its partition count, and no later one changes it", async () => {
      await using outbox = await openStore();
      const record = async (...counts: [topic: string, count: number][]) => [
        ...(await outbox.store.recordPartitions(new Map(counts), AT)),
      ];
      expect(await record(["a", 6])).toEqual([["a", 6]]);
      expect((await record(["a", 12], ["b", 2])).toSorted()).toEqual([
        ["a", 6],
        ["b", 2],
      ]);
      expect((await record(["b", 3])).toSorted()).toEqual([
        ["a", 6],
        ["b", 2],
      ]);
    });
  });
}

async function pendingIds(
  store: OutboxStore,
  { topics = TOPICS, held = [], rows = 100, bytes = 100_000, except = [] }: Reading = {},
): Promise<number[]> {
  const partitions = held.map((partition) => ({ topic: "t", partition }));
  const pending = await store.readPending(topics, partitions, { rows, bytes }, except);
  return pending.map(({ id }) => id);
}
