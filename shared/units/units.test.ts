import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  defineEffect,
  type Effect,
  groupUnits,
  planWrites,
  Results,
  type UnitOfWork,
} from "./mod.ts";

const put = defineEffect<string>("put", { keysOf: (name) => [name] });
const note = defineEffect<string>("note");
const KINDS = ["put", "note"];
const rankOf = (kind: string) => KINDS.indexOf(kind);
const unit = (...effects: Effect[]): UnitOfWork => ({ effects });

test("units that share nothing are one group", () => {
  expect(groupUnits([unit(put("a")), unit(put("b"), note("x")), unit(note("x"))])).toEqual([
    [0, 1, 2],
  ]);
  expect(groupUnits([])).toEqual([]);
});

test("units that share a key stand in successive groups, in the order in which they came", () => {
  const units = [unit(put("a")), unit(put("a"), put("b")), unit(put("b")), unit(put("c"))];
  expect(groupUnits(units)).toEqual([[0, 3], [1], [2]]);
});

test("a key that one unit names twice is no conflict", () => {
  expect(groupUnits([unit(put("a"), put("a"))])).toEqual([[0]]);
});

test("whatever the units, no group has a key twice, and units of a key keep their order", () => {
  const keys = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 3 });
  const games = fc.property(fc.array(keys, { maxLength: 20 }), (all) => {
    const units = all.map((names) => unit(...names.map((name) => put(name))));
    const groups = groupUnits(units);
    expect(groups.flat().toSorted((a, b) => a - b)).toEqual(units.map((_, index) => index));
    const groupOf = new Map(groups.flatMap((group, at) => group.map((index) => [index, at])));
    for (const [later, names] of all.entries()) {
      for (const [earlier, others] of all.slice(0, later).entries()) {
        if (!names.some((name) => others.includes(name))) continue;
        expect(groupOf.get(earlier)).toBeLessThan(groupOf.get(later) ?? 0);
      }
    }
  });
  fc.assert(games);
});

test("a group is written kind by kind, in the declared order, each value knowing its unit", () => {
  const units = [unit(note("x"), put("a")), unit(put("z")), unit(put("b"), note("y"))];
  expect(planWrites(units, [0, 2], rankOf)).toEqual([
    { kind: 0, values: ["a", "b"], units: [0, 2], effects: [1, 0] },
    { kind: 1, values: ["x", "y"], units: [0, 2], effects: [0, 1] },
  ]);
});

test("results are asked for by the kind of effect", () => {
  const kept = new Map([[1, { status: "kept" as const, found: "old" }]]);
  const results = new Results([note("x"), put("a")], kept);
  expect(results.of(put)).toEqual({ status: "kept", found: "old" as never });
  expect(results.of(note)).toEqual({ status: "done" });
  expect(new Results([put("a")]).of(put)).toEqual({ status: "done" });
});
