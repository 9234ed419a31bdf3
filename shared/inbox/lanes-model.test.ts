import { expect, test } from "bun:test";
import fc from "fast-check";
import { createLanes } from "./lanes.ts";
import { createOffsetTracker } from "./offset-tracker.ts";

const RUNS = process.env.PROOF === "full" ? 500 : 60;

/** A record of a partition: its key, and in how many turns of the event loop its work ends. */
const records = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    turns: fc.integer({ min: 0, max: 5 }),
    rollbacks: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 60 },
);

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("whatever their work takes, records of a key end in order, all end, and no watermark runs ahead", async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 8 }), async (batch, limit) => {
      const lanes = createLanes(limit, (error) => {
        throw error;
      });
      const tracker = createOffsetTracker(0);
      const open = new Set<number>();
      const ended = new Map<string, number[]>();
      let most = 0;
      for (const [offset, { key, turns, rollbacks }] of batch.entries()) {
        tracker.start(offset);
        open.add(offset);
        const work = async () => {
          most = Math.max(most, lanes.size);
          for (let n = 0; n < turns; n++) await turn();
          const finishing = new Set([offset]);
          // A transaction that is rolled back asked for its watermark and settled nothing.
          for (let n = 0; n < rollbacks; n++) {
            tracker.watermark(finishing);
            await turn();
          }
          open.delete(offset);
          const lowestOpen = Math.min(...open, Number.POSITIVE_INFINITY);
          expect(tracker.watermark(finishing)).toBeLessThanOrEqual(lowestOpen);
          tracker.settle(offset);
          ended.set(key, [...(ended.get(key) ?? []), offset]);
        };
        expect(await lanes.enter(key, work, new AbortController().signal)).toBe(true);
      }
      await lanes.idle();
      expect(tracker.watermark()).toBe(batch.length);
      expect(most).toBeLessThanOrEqual(limit);
      for (const [key, offsets] of ended) {
        const all = batch.flatMap((record, offset) => (record.key === key ? [offset] : []));
        expect(offsets).toEqual(all);
      }
      expect([...ended.values()].flat()).toHaveLength(batch.length);
    }),
    { numRuns: RUNS },
  );
});
