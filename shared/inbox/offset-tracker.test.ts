import { expect, test } from "bun:test";
import fc from "fast-check";
import { createOffsetTracker } from "./offset-tracker.ts";

test("the watermark stays at the first record that is not finished", () => {
  const tracker = createOffsetTracker(5);
  expect(tracker.watermark()).toBe(5);
  for (const offset of [5, 6, 9]) tracker.start(offset);
  tracker.settle(6);
  expect(tracker.watermark()).toBe(5);
  expect(tracker.watermark(new Set([5]))).toBe(9);
  tracker.settle(5);
  expect(tracker.watermark(new Set([9]))).toBe(10);
});

test("a transaction that is rolled back moves nothing", () => {
  const tracker = createOffsetTracker(0);
  for (const offset of [0, 1, 2]) tracker.start(offset);
  expect(tracker.watermark(new Set([0, 1, 2]))).toBe(3);
  tracker.settle(0);
  tracker.settle(2);
  expect(tracker.watermark()).toBe(1);
});

test("with random orders and rollbacks the watermark never passes an unfinished record", () => {
  const dice = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(dice, fc.infiniteStream(fc.nat()), (throws, picks) => {
      const tracker = createOffsetTracker(0);
      const open = new Set<number>();
      let next = 0;
      const lowest = (left: Iterable<number>) => Math.min(next, ...left);
      for (const dice of throws) {
        if (dice < 0.4 || open.size === 0) {
          next += dice < 0.05 ? 2 : 1;
          tracker.start(next - 1);
          open.add(next - 1);
        } else {
          const pick = [...open][(picks.next().value as number) % open.size] as number;
          const left = open.difference(new Set([pick]));
          expect(tracker.watermark(new Set([pick]))).toBe(lowest(left));
          if (dice <= 0.9) {
            tracker.settle(pick);
            open.delete(pick);
          }
        }
        expect(tracker.watermark()).toBe(lowest(open));
      }
    }),
  );
});

test("control records at the end of a batch are passed, but no open record before them", () => {
  const tracker = createOffsetTracker(0);
  tracker.start(0);
  tracker.passTo(3);
  expect(tracker.watermark()).toBe(0);
  tracker.settle(0);
  expect(tracker.watermark()).toBe(3);
  tracker.passTo(2);
  expect(tracker.watermark()).toBe(3);
});
