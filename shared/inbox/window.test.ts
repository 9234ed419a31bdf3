import { expect, test } from "bun:test";
import type { TopicRetention } from "@order-outbox/kafka";
import { decideWindow, formatDuration } from "./window.ts";

const DAY = 86_400_000;
const EVER = Number.POSITIVE_INFINITY;
const keeps = (days: number, segmentDays = 0): TopicRetention => ({
  retentionMs: days * DAY,
  segmentMs: segmentDays * DAY,
});
const decide = (
  settingDays: number | undefined,
  topics: Record<string, TopicRetention | undefined>,
) =>
  decideWindow(
    settingDays === undefined ? undefined : settingDays * DAY,
    new Map(Object.entries(topics)),
  );

test("without a setting the inbox outlives its longest topic by a day", () => {
  expect(decide(undefined, { a: keeps(1), b: keeps(7), c: keeps(2) })).toEqual({
    state: "pruning",
    keepMs: 8 * DAY,
    reason: "b keeps records for 7d, and the margin is 1d",
  });
});

test("a setting that is long enough holds", () => {
  for (const days of [8, 30]) {
    expect(decide(days, { a: keeps(7) })).toMatchObject({ state: "pruning", keepMs: days * DAY });
  }
});

test("a setting that is too short is refused with the sum", () => {
  expect(decide(1, { order_created: keeps(7) })).toEqual({
    state: "refused",
    reason:
      "INBOX_RETENTION is 1d, but order_created keeps records for 7d and needs a margin of 1d: at least 8d, or the inbox would forget events that can still come again",
  });
  expect(decide(7.99, { a: keeps(7) }).state).toBe("refused");
});

test("a record lives until its whole segment may go", () => {
  expect(decide(undefined, { a: keeps(7, 14) })).toMatchObject({ keepMs: 22 * DAY });
  expect(decide(8, { a: keeps(7, 7) }).reason).toStartWith(
    "INBOX_RETENTION is 8d, but a keeps records for 14d (retention.ms 7d + segment.ms 7d) and needs a margin of 1d: at least 15d",
  );
});

test("what a topic keeps for ever the inbox remembers for ever, and any setting is refused", () => {
  for (const retention of [keeps(EVER), keeps(7, EVER)]) {
    expect(decide(undefined, { a: retention, b: keeps(1) })).toEqual({
      state: "keeping",
      reason: "a keeps records for ever, and so does the inbox",
    });
    expect(decide(3650, { a: retention })).toEqual({
      state: "refused",
      reason:
        "INBOX_RETENTION is 3650d, but a keeps records for ever: unset it, or the inbox would forget events that can still come again",
    });
  }
});

test("nothing goes while the broker does not tell of every topic", () => {
  for (const setting of [undefined, 30]) {
    expect(decide(setting, { a: keeps(7), b: undefined })).toEqual({
      state: "keeping",
      reason: "the broker does not tell how long b keeps records: inbox rows are kept",
    });
  }
  expect(decide(1, { a: keeps(7), b: undefined }).state).toBe("refused");
});

test("durations are shown in the largest unit that fits, never too short", () => {
  expect([0, 1, 1_000, 61_000, 5_400_000, 129_600_000, 8 * DAY].map(formatDuration)).toEqual([
    "0s",
    "1s",
    "1s",
    "61s",
    "90m",
    "36h",
    "8d",
  ]);
});
