import { expect, test } from "bun:test";
import { parseSpan } from "./arguments.ts";
import { formatSpan } from "./print.ts";
import { createProgress } from "./progress.ts";

test("a span is written in its two largest units", () => {
  const spans = [-5, 0, 400, 59_000, 60_000, 125_000, 7_200_000, 7_205_000, 90_061_000];
  expect(spans.map(formatSpan)).toEqual([
    ...["0 s", "0 s", "0 s", "59 s", "1 min", "2 min 5 s", "2 h", "2 h", "1 d 1 h"],
  ]);
});

test("a span is read with its unit, and nothing else is", () => {
  const spans = ["0s", "500ms", "15m", "12h", "30d"].map((text) => parseSpan("--x", text));
  expect(spans).toEqual([0, 500, 900_000, 43_200_000, 2_592_000_000]);
  for (const text of ["", "5", "s", "1.5h", "-1s", "1w", "999999999999999999d"]) {
    expect(() => parseSpan("--x", text)).toThrow(`not "${text}"`);
  }
});

test("progress is drawn on a terminal, not too often, and wiped at the end", () => {
  const written: string[] = [];
  let now = 0;
  const stream = { isTTY: true, write: (text: string) => written.push(text) };
  const progress = createProgress(stream, () => now);
  progress.show("reading", 0, 10);
  progress.show("reading", 1, 10);
  now = 200;
  progress.show("reading", 5, 10);
  progress.show("reading", 10, 10);
  progress.end();
  expect(written).toEqual([
    "\r\x1b[2K[........................] 0 % reading (0 of 10)",
    "\r\x1b[2K[############............] 50 % reading (5 of 10)",
    "\r\x1b[2K[########################] 100 % reading (10 of 10)",
    "\r\x1b[2K",
  ]);
});

test("progress is silent where no terminal is", () => {
  const written: string[] = [];
  const progress = createProgress({ write: (text) => written.push(text) });
  progress.show("reading", 1, 2);
  progress.end();
  expect(written).toEqual([]);
});
