import { expect, test } from "bun:test";
import { readOptions } from "../options.ts";
import { intervalOf } from "./interval.ts";
import { compare, createPairRecorder, type Measure } from "./pairs.ts";
import { tooSlow, toRows } from "./report.ts";

const RATE: Measure = { name: "intake", unit: "orders/s", better: "more" };
const TIME: Measure = { name: "start", unit: "ms", better: "less" };
const ROUNDS = [0.96, 0.98, 0.99, 1, 1, 1.01, 1.01, 1.02, 1.03];

test("an interval of nine rounds is cut where the table of signed ranks says", () => {
  // Wilcoxon's table: with nine pairs the 6th of the 45 means from either end, at 96.1 %.
  const powers = [1, 2, 4, 8, 16, 32, 64, 128, 256];
  const { ratio, low, high } = intervalOf(powers.map((exponent) => Math.exp(exponent)));
  const means = powers
    .flatMap((one, index) => powers.slice(index).map((other) => (one + other) / 2))
    .toSorted((a, b) => a - b);
  expect(means[5]).toBeCloseTo(Math.log(low), 9);
  expect(means[39]).toBeCloseTo(Math.log(high), 9);
  expect(means[22]).toBeCloseTo(Math.log(ratio), 9);
});

test("six rounds are the least, and their interval is that of the extremes", () => {
  expect(() => intervalOf([1, 1, 1, 1, 1])).toThrow(RangeError);
  const { low, high } = intervalOf([0.9, 0.95, 1, 1, 1.05, 1.2]);
  expect([low, high]).toEqual([expect.closeTo(0.9, 9), expect.closeTo(1.2, 9)]);
});

test("one round in which the machine hiccuped does not move the interval far", () => {
  const calm = intervalOf(ROUNDS);
  const hiccup = intervalOf([...ROUNDS.slice(1), 0.2]);
  expect(calm.low).toBeGreaterThan(0.97);
  expect(hiccup.ratio).toBeGreaterThan(0.98);
  expect(hiccup.high).toBeGreaterThan(1);
});

/** A measure of nine rounds in which this tree's figure is `factor` times the other's. */
function pairOf(measure: Measure, factor: number) {
  const recorder = createPairRecorder();
  for (const noise of ROUNDS) {
    recorder.add(measure, "this", 1_000 * factor * noise);
    recorder.add(measure, "other", 1_000);
  }
  return recorder.pairs().map(compare);
}

test("what is slower is found, whether more or less of it is better", () => {
  for (const compared of [pairOf(RATE, 0.9), pairOf(TIME, 1.1)]) {
    expect(toRows(compared, "abc1234")[1]?.at(-1)).toBe("worse");
    expect(tooSlow(compared, 0.97)).toHaveLength(1);
  }
  for (const compared of [pairOf(RATE, 1.1), pairOf(TIME, 0.9)]) {
    expect(toRows(compared, "abc1234")[1]?.at(-1)).toBe("better");
    expect(tooSlow(compared, 0.97)).toEqual([]);
  }
});

test("what is as fast is neither better nor worse", () => {
  const same = pairOf(RATE, 1);
  expect(toRows(same, "abc1234")[1]?.at(-1)).toBe("no difference seen");
  expect(tooSlow(same, 0.97)).toEqual([]);
});

test("a comparison has nine rounds, six in its short form, and never fewer", () => {
  expect(readOptions(["--against", "HEAD~1"])).toMatchObject({ against: "HEAD~1", rounds: 9 });
  expect(readOptions(["--against", "HEAD", "--quick"])).toMatchObject({ rounds: 6, full: false });
  expect(readOptions(["--against", "HEAD", "--rounds", "5"])).toContain("--rounds");
  expect(readOptions(["--against", "--output=x"])).toContain("--against");
  expect(readOptions(["--against", "HEAD", "--broker", "localhost:9092"])).toContain("--broker");
  expect(readOptions(["--least", "0.97"])).toContain("--least");
});
