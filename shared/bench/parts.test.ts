import { expect, test } from "bun:test";
import { type PartResult, recordInto } from "./figures.ts";
import { readAnswer } from "./http-answer.ts";
import { readOptions } from "./options.ts";
import { isSteady, searchRate } from "./rate-search.ts";
import { ceilingOf, percentile, percentilesOf } from "./stats.ts";
import { formatFigure, formatNumber, toMarkdown, toRows } from "./table.ts";
import { judgeTargets, type Target } from "./targets.ts";

function resultOf(): PartResult {
  return { part: "intake", title: "", limits: "", figures: [], notes: [], seconds: 0 };
}

test("a percentile is the least value that so many do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([
    50, 95, 99, 100,
  ]);
  expect(percentile([], 0.5)).toBeUndefined();
  expect(percentilesOf([30, 2, 100, 9])).toEqual({
    count: 4,
    p50: 9,
    p95: 100,
    p99: 100,
    most: 100,
  });
});

test("one thread that has to do both takes the sum of both times", () => {
  expect(ceilingOf(10_000, 10_000)).toBe(5_000);
  expect(ceilingOf(40_000, 10_000)).toBe(8_000);
});

test("an answer is read when its last byte has come, and not before", () => {
  const bytes = Buffer.from("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
  expect(readAnswer(bytes)).toEqual({ status: 201, bodyAt: 43, end: 45 });
  for (let length = 0; length < bytes.length; length++) {
    expect(readAnswer(bytes.subarray(0, length))).toBeUndefined();
  }
  expect(() => readAnswer(Buffer.from("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"))).toThrow(
    "Content-Length",
  );
});

test("a report is written only where one was asked for", () => {
  const nowhere = { report: undefined, json: undefined };
  expect(readOptions([])).toMatchObject({ full: true, rounds: 3, ...nowhere });
  expect(readOptions(["--quick"])).toMatchObject(nowhere);
  expect(readOptions(["--part", "relay,intake"])).toMatchObject({
    parts: ["intake", "relay"],
    report: undefined,
  });
  expect(readOptions(["--part", "relay", "--report", "x.md"])).toMatchObject({ report: "x.md" });
  expect(readOptions(["--help"])).toBeUndefined();
});

test.each([
  [["--part", "relay,lunch"], "lunch"],
  [["--rounds", "0"], "--rounds"],
  [["--broker", "somewhere"], "--broker"],
  [["--fast"], "--fast"],
])("%p are no options", (args, word) => {
  expect(readOptions(args)).toContain(word);
});

test("a table has a row for each row name, and gaps where nothing was measured", () => {
  const result = resultOf();
  const recorder = recordInto(result);
  for (const value of [3, 1, 2]) recorder.add("t", "first", "a", value);
  recorder.add("t", "second", "b", 12_345);
  recorder.add("t", "second", "a", Number.NaN);
  const rows = toRows("t", result.figures);
  expect(rows).toEqual([
    ["t", "a", "b"],
    ["first", "2.00 (1.00–3.00)", ""],
    ["second", "", "12,345"],
  ]);
  expect(toMarkdown(rows).split("\n")).toEqual([
    "| t | a | b |",
    "|---|---:|---:|",
    "| first | 2.00 (1.00–3.00) |  |",
    "| second |  | 12,345 |",
  ]);
});

test("numbers show three digits that count", () => {
  expect([1_234.5, 99.94, 9.876, 0.1].map(formatNumber)).toEqual(["1,235", "99.9", "9.88", "0.10"]);
});

test("targets are judged by the median, and one that was not measured is not met in silence", () => {
  const figure = {
    part: "intake",
    table: "t",
    row: "r",
    column: "c",
    values: [70, 90, 96],
  } as const;
  const target: Target = {
    ...{ part: "intake", table: "t", row: "r", column: "c" },
    name: "share",
    target: { atLeast: 80 },
    stretch: { atLeast: 95 },
  };
  const verdictOf = (one: Target) =>
    judgeTargets([one], [{ ...figure, values: [...figure.values] }])[0];
  expect(verdictOf(target)).toEqual({
    name: "share",
    target: "≥ 80",
    stretch: "≥ 95",
    measured: formatFigure({ ...figure, values: [...figure.values] }),
    verdict: "met",
  });
  expect(verdictOf({ ...target, target: { atMost: 80 } })?.verdict).toBe("**not met**");
  expect(verdictOf({ ...target, stretch: { atLeast: 90 } })?.verdict).toBe("met, stretch too");
  expect(verdictOf({ ...target, row: "other" })?.verdict).toBe("not measured");
});

test("the search ends close below the highest rate that holds", () => {
  for (const limit of [60, 700, 1_000, 3_333, 20_000]) {
    const search = searchRate(1_000, 0.05, 10);
    const tried: number[] = [];
    for (let rate = search.next(); rate !== undefined; rate = search.next()) {
      tried.push(rate);
      search.note(rate, rate <= limit);
    }
    expect(search.best).toBeLessThanOrEqual(limit);
    expect(search.best).toBeGreaterThanOrEqual(limit * 0.89 - 10);
    expect(tried.length).toBeLessThan(12);
  }
});

test("a backlog is steady when it swings, and not when it grows", () => {
  const of = (orders: (atS: number) => number) =>
    Array.from({ length: 120 }, (_, index) => ({ atS: index / 2, orders: orders(index / 2) }));
  expect(
    isSteady(
      of(() => 400),
      60,
      1_000,
    ),
  ).toBeTrue();
  expect(
    isSteady(
      of((atS) => 400 + 300 * Math.sin(atS)),
      60,
      1_000,
    ),
  ).toBeTrue();
  expect(
    isSteady(
      of((atS) => 100 * atS),
      60,
      1_000,
    ),
  ).toBeFalse();
});
