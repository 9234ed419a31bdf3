import { expect, test } from "bun:test";
import { backoffDelay } from "./mod.ts";
import { createPartitionHolds } from "./partition-holds.ts";

const BACKOFF = { baseMs: 100, capMs: 1_000 };

test("a delay doubles up to its cap, and its upper half is random", () => {
  const delays = (random: number) =>
    [1, 2, 3, 4, 5, 1_000].map((attempt) => backoffDelay(attempt, BACKOFF, random));
  expect(delays(0)).toEqual([50, 100, 200, 400, 500, 500]);
  expect(delays(0.5)).toEqual([75, 150, 300, 600, 750, 750]);
  expect(backoffDelay(1, BACKOFF, 0.999)).toBeLessThan(100);
});

test("a partition is held for longer with each failure in a row, and afresh after a success", () => {
  const holds = createPartitionHolds(BACKOFF, 500);
  const held = (now: number) => holds.heldAt(now).map(({ partition }) => partition);
  holds.hold("t", 1, 0, 0);
  holds.hold("t", 2, 10, 0);
  expect([held(0), held(49), held(50), held(60)]).toEqual([[1, 2], [1, 2], [2], []]);
  expect([holds.nextRelease(0), holds.nextRelease(55), holds.nextRelease(60)]).toEqual([
    50,
    60,
    undefined,
  ]);
  holds.hold("t", 1, 1_000, 0);
  expect(holds.nextRelease(1_000)).toBe(1_100);
  holds.noteSuccess("t", 1, 1);
  expect(held(1_000)).toEqual([]);
  holds.hold("t", 1, 2_000, 0);
  expect(holds.nextRelease(2_000)).toBe(2_050);
});

test("a refused batch is halved until one row is left, and grows back with each success", () => {
  const holds = createPartitionHolds(BACKOFF, 8);
  const limit = () => holds.rowLimits().get("t/0");
  holds.halve("t", 0, 5);
  expect(limit()).toBe(3);
  holds.halve("t", 0, 3);
  holds.halve("t", 0, 2);
  expect(limit()).toBe(1);
  holds.noteSuccess("t", 0, 1);
  expect(limit()).toBe(2);
  holds.noteSuccess("t", 0, 1);
  expect(limit()).toBe(2);
  holds.noteSuccess("t", 0, 2);
  expect(limit()).toBe(4);
  holds.noteSuccess("t", 0, 4);
  expect(limit()).toBeUndefined();
});
