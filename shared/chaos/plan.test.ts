import { expect, test } from "bun:test";
import { durationOf, nameOf } from "./faults.ts";
import { CALM, planFaults } from "./plan.ts";

const MINUTE = 60_000;
const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);
const KINDS = [
  ...["order-service", "payment-service", "notification-service"].flatMap((name) => [
    `kill ${name}`,
    `pause ${name}`,
    `slow disk, ${name}`,
    `full disk, ${name}`,
  ]),
  "kill broker",
  "pause broker",
  "network: refuse",
  "network: delay",
  "network: cut",
  "network: half-open",
  "network: slow",
  "network: only requests pass",
  "network: only answers pass",
  "payments database lost",
  "payments database restored from a copy",
];

test("the same seed gives the same plan, another one another", () => {
  expect(planFaults(7, 2 * MINUTE)).toEqual(planFaults(7, 2 * MINUTE));
  expect(planFaults(7, 2 * MINUTE)).not.toEqual(planFaults(8, 2 * MINUTE));
});

test("a plan of less than a minute has every kind of fault, whatever the seed", () => {
  for (const seed of SEEDS) {
    const kinds = new Set(planFaults(seed, 0.75 * MINUTE).map(({ fault }) => nameOf(fault)));
    expect([...kinds].sort()).toEqual(KINDS.toSorted());
  }
});

test("a plan of nine minutes kills more than 200 times, each process often", () => {
  for (const seed of SEEDS) {
    const targets = planFaults(seed, 9 * MINUTE).flatMap(({ fault }) =>
      fault.kind === "kill" ? [fault.target] : [],
    );
    expect(targets.length).toBeGreaterThan(210);
    const counts = Object.values(Object.groupBy(targets, (target) => target));
    for (const of of counts) expect(of.length).toBeGreaterThan(15);
  }
});

test("faults come in the order of time, and are over at the end", () => {
  for (const seed of SEEDS) {
    const plan = planFaults(seed, 2 * MINUTE);
    const times = plan.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(plan.every(({ atMs, fault }) => atMs + durationOf(fault) <= 2 * MINUTE)).toBe(true);
  }
});

test("some pauses outlast a session and some network faults a request, and most do not", () => {
  const faults = SEEDS.flatMap((seed) => planFaults(seed, 2 * MINUTE)).map(({ fault }) => fault);
  const shareOfLonger = (kind: "pause" | "network", ms: number) => {
    const all = faults.filter((fault) => fault.kind === kind);
    return all.filter((fault) => durationOf(fault) > ms).length / all.length;
  };
  expect(shareOfLonger("pause", 6_000)).toBeWithin(0.15, 0.3);
  expect(shareOfLonger("network", 8_000)).toBeWithin(0.05, 0.2);
});

test("a long plan leaves most of its third minute in peace, a short one does not", () => {
  const inCalm = (minutes: number, seed: number) =>
    planFaults(seed, minutes * MINUTE).filter(
      ({ atMs, fault }) => atMs < CALM.toMs && atMs + durationOf(fault) > CALM.fromMs,
    ).length;
  for (const seed of SEEDS) {
    expect(inCalm(9, seed)).toBe(0);
    expect(inCalm(3.5, seed)).toBeGreaterThan(10);
  }
});
