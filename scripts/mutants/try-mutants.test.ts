import { expect, test } from "bun:test";
import { tempDir } from "@order-outbox/testing";
import type { Mutant } from "./mutant.ts";
import { findPlace, readSources } from "./place.ts";
import { tryMutants } from "./try-mutants.ts";

const SUM = "export function sum(a: number, b: number): number {\n  return a + b;\n}\n";
const TEST = `import { expect, test } from "bun:test";
import { sum } from "./sum.ts";
test("sums are right", () => expect(sum(1, 2)).toBe(3));
test("sums are numbers", () => expect(typeof sum(1, 2)).toBe("number"));
test("sums are small", () => expect(sum(1, 2)).toBe(2));
`;

test("mutants are tried in a copy: noticed, survived, not compiled, or with a test that is red anyway", async () => {
  using tree = tempDir();
  using copies = tempDir();
  await Bun.write(tree.join("shared/sum.ts"), SUM);
  await Bun.write(tree.join("shared/sum.test.ts"), TEST);
  await Bun.write(tree.join("package.json"), '{ "name": "sums", "private": true }');
  await Bun.write(tree.join("tsconfig.json"), JSON.stringify(TSCONFIG));
  await Bun.$`git init --quiet`.cwd(tree.path);

  const sources = readSources(tree.path);
  const located = [
    mutant("minus", "a - b", "sums are right"),
    mutant("blind", "a - b", "sums are numbers"),
    mutant("broken", "a + nothing", "sums are right"),
    mutant("red", "a - b", "sums are small"),
  ].map((one) => ({ mutant: one, place: placeOf(one, sources) }));
  const tried = await tryMutants(located, {
    from: tree.path,
    folder: copies.path,
    jobs: 1,
    signal: new AbortController().signal,
    say() {},
    onTried() {},
  });
  expect(tried.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["minus", { kind: "noticed", how: "expect(received).toBe(expected)" }],
    ["blind", { kind: "survived", why: "its test passed" }],
    ["broken", { kind: "survived", why: expect.stringContaining("TS2304") }],
    ["red", { kind: "survived", why: expect.stringContaining("fails without it, too") }],
  ]);
  expect(await Bun.file(tree.join("shared/sum.ts")).text()).toBe(SUM);
  expect(await Bun.file(copies.join("0/shared/sum.ts")).text()).toBe(SUM);
});

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: "Preserve",
    allowImportingTsExtensions: true,
    types: [],
  },
  include: ["shared/sum.ts"],
};

const mutant = (name: string, put: string, killer: string): Mutant => ({
  name,
  breaks: "One and two are three.",
  file: "shared/sum.ts",
  find: "a + b",
  put,
  test: `shared/sum.test.ts › ${killer}`,
});

function placeOf(one: Mutant, sources: ReadonlyMap<string, string>) {
  const place = findPlace(one, sources);
  if (typeof place === "string") throw new Error(place);
  return place;
}
