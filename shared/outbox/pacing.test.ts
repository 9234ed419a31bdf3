import { expect, test } from "bun:test";
import { restAfterRound } from "./pacing.ts";

const round = (rows: number, full = false) => ({ rows, full });

test("after a round of one row, the next one goes as soon as the broker has answered", () => {
  expect(restAfterRound(round(1), 1)).toBe(0);
});

test("the more rows came at once, the longer the next ones are collected, to a limit", () => {
  expect(restAfterRound(round(10), 2)).toBe(3);
  expect(restAfterRound(round(50), 5)).toBe(20);
  expect(restAfterRound(round(500), 5)).toBe(35);
});

test("a round that took longer than its rest is followed at once", () => {
  expect(restAfterRound(round(50), 30)).toBe(0);
});

test("behind a full round more rows are waiting already", () => {
  expect(restAfterRound(round(1_000, true), 5)).toBe(0);
});
