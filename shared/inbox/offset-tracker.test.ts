import { expect, test } from "bun:test";
import { createOffsetTracker } from "./offset-tracker.ts";

test("the watermark stays at the first record that is not finished", () => {
  const tracker = createOffsetTracker(5);
  expect(tracker.watermark()).toBe(5);
  for (const offset of [5, 6, 9]) tracker.start(offset);
  tracker.finish(6);
  tracker.settle(6);
  expect(tracker.watermark()).toBe(5);
  tracker.finish(5);
  expect(tracker.watermark()).toBe(9);
  tracker.settle(5);
  tracker.finish(9);
  expect(tracker.watermark()).toBe(10);
});

test("a rolled-back record takes the watermark back with it", () => {
  const tracker = createOffsetTracker(0);
  for (const offset of [0, 1, 2]) tracker.start(offset);
  for (const offset of [0, 1, 2]) tracker.finish(offset);
  expect(tracker.watermark()).toBe(3);
  tracker.reopen(1);
  tracker.settle(0);
  tracker.settle(2);
  expect(tracker.watermark()).toBe(1);
});

test("with random orders and rollbacks the watermark never passes an unfinished record", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647;
    return state / 2147483647;
  };
  const tracker = createOffsetTracker(0);
  const open = new Set<number>();
  const finished = new Set<number>();
  let next = 0;
  for (let i = 0; i < 5_000; i++) {
    const dice = random();
    const [oldest] = open;
    if (dice < 0.4 || oldest === undefined) {
      next += dice < 0.05 ? 2 : 1;
      tracker.start(next - 1);
      open.add(next - 1);
    } else {
      const pick = [...open][Math.floor(random() * open.size)] as number;
      tracker.finish(pick);
      if (random() < 0.2) tracker.reopen(pick);
      else {
        tracker.settle(pick);
        open.delete(pick);
        finished.add(pick);
      }
    }
    const lowest = Math.min(...open, Number.POSITIVE_INFINITY);
    const expected = lowest === Number.POSITIVE_INFINITY ? next : lowest;
    if (tracker.watermark() !== expected) throw new Error(`seed ${seed}, step ${i}`);
  }
  expect(finished.size).toBeGreaterThan(100);
});

test("control records at the end of a batch are passed, but no open record before them", () => {
  const tracker = createOffsetTracker(0);
  tracker.start(0);
  tracker.passTo(3);
  expect(tracker.watermark()).toBe(0);
  tracker.finish(0);
  tracker.settle(0);
  expect(tracker.watermark()).toBe(3);
  tracker.passTo(2);
  expect(tracker.watermark()).toBe(3);
});
