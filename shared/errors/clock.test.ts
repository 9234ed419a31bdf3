import { expect, test } from "bun:test";
import { ageingClock, isoTime, monotonic, steadyClock } from "./mod.ts";

/** A time of day and a monotonic clock; the first can be set. */
function clocks() {
  const at = { wall: 1_000_000, elapsed: 70 };
  return {
    now: () => at.wall,
    elapsed: () => at.elapsed,
    pass(ms: number) {
      at.wall += ms;
      at.elapsed += ms;
    },
    set(byMs: number) {
      at.wall += byMs;
    },
  };
}

test("a steady clock begins with the time of day and goes on, however that is set", () => {
  const { now, elapsed, pass, set } = clocks();
  const steady = steadyClock(now, elapsed);
  expect(steady()).toBe(1_000_000);
  pass(5);
  set(-600_000);
  pass(5);
  set(1_200_000);
  expect(steady()).toBe(1_000_010);
});

test("nothing ages by a clock that is set forwards, and all is younger by one that is set back", () => {
  const { now, elapsed, pass, set } = clocks();
  const ageing = ageingClock(now, elapsed);
  set(400 * 86_400_000);
  pass(10);
  expect(ageing()).toBe(1_000_010);
  set(-401 * 86_400_000);
  expect(ageing()).toBe(1_000_010 - 86_400_000);
});

test("the monotonic clock does not go by the time of day", () => {
  const trueNow = Date.now;
  const before = monotonic();
  Date.now = () => 0;
  try {
    const passed = monotonic() - before;
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThan(60_000);
  } finally {
    Date.now = trueNow;
  }
});

test("each time has its own text, also when others are told in between", () => {
  const times = [0, 1_796_000_000_000, 1_796_000_000_001, 1_796_000_000_001, 0];
  expect(times.map(isoTime)).toEqual(times.map((ms) => new Date(ms).toISOString()));
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  expect(() => isoTime(Number.MAX_VALUE)).toThrow(RangeError);
  expect(isoTime(0)).toBe("1970-01-01T00:00:00.000Z");
});
