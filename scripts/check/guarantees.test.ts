import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { findTest } from "../mutants/declared-test.ts";
import { MUTANTS } from "../mutants/list.ts";
import { splitTest } from "../mutants/mutant.ts";
import { findPlace, readSources } from "../mutants/place.ts";
import { countSentences, readGuarantees } from "./guarantee-rows.ts";

const ROOT = resolve(import.meta.dir, "../..");
const rows = readGuarantees(readFileSync(resolve(ROOT, "docs/guarantees.md"), "utf8"));

const declared = (test: string) => {
  const { file, name } = splitTest(test);
  return findTest(ROOT, file, name);
};

test("every guarantee names a test that exists, and says when `bun run test` leaves it out", () => {
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter(({ test }) => declared(test) === undefined)).toEqual([]);
  expect(
    rows.filter(({ test, saysFullProof }) => declared(test)?.needsFullProof !== saysFullProof),
  ).toEqual([]);
});

test("every guarantee names the mutants that its test notices, at least one for each sentence", () => {
  const named = (test: string) =>
    rows.flatMap((row) => (row.test === test ? row.mutants : [])).toSorted();
  const noticed = (test: string) =>
    MUTANTS.flatMap((mutant) => (mutant.test === test ? [mutant.name] : [])).toSorted();
  expect(rows.map(({ test }) => [test, named(test)])).toEqual(
    rows.map(({ test }) => [test, noticed(test)]),
  );
  expect(rows.filter(({ promise, mutants }) => mutants.length < countSentences(promise))).toEqual(
    [],
  );
});

test("every mutant has a name of its own, finds its place, changes it, and has a test that exists", () => {
  const sources = readSources(ROOT);
  const wrong = MUTANTS.flatMap((mutant) => {
    const place = findPlace(mutant, sources);
    return [
      ...(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(mutant.name) ? [] : ["not a name"]),
      ...(MUTANTS.some((one) => one !== mutant && one.name === mutant.name) ? ["named twice"] : []),
      ...(typeof place === "string" ? [place] : []),
      ...(mutant.find === mutant.put ? ["changes nothing"] : []),
      ...(declared(mutant.test) === undefined ? [`no such test: ${mutant.test}`] : []),
    ].map((problem) => `${mutant.name}: ${problem}`);
  });
  expect(wrong).toEqual([]);
});

test("a row without its test, its mark or its mutants would be noticed", () => {
  const [plain, long] = readGuarantees(
    [
      "| promise | test | mutants that it notices |",
      "|---|---|---|",
      "| All is well. | `a.test.ts` › it is | `one`, `another-one` |",
      "| All is well; for ever. | `b.test.ts` › it is (`PROOF=full`) | |",
    ].join("\n"),
  );
  expect(plain).toEqual({
    promise: "All is well.",
    test: "a.test.ts › it is",
    saysFullProof: false,
    mutants: ["one", "another-one"],
  });
  expect(long).toMatchObject({ test: "b.test.ts › it is", saysFullProof: true, mutants: [] });
  expect(countSentences("All is well.")).toBe(1);
  expect(countSentences("All is well; for ever. `a.b` too.")).toBe(3);
  expect(declared("a.test.ts › it is")).toBeUndefined();
  expect(declared(`scripts/check/guarantees.test.ts › ${"no such name".toUpperCase()}`)).toBe(
    undefined,
  );
});
