import { expect, test } from "bun:test";
import { chooseMutants } from "./choose.ts";
import type { MutantOptions } from "./options.ts";
import { readOptions } from "./options.ts";
import { shareLooks } from "./type-check.ts";

const located = Array.from({ length: 40 }, (_, index) => ({
  mutant: {
    name: `mutant-${index}`,
    breaks: "It holds.",
    file: `${index % 5}.ts`,
    find: "a",
    put: "b",
    test: `${index % 7}.test.ts › it holds`,
  },
  place: { file: `${index % 5}.ts`, start: 0, end: 1 },
}));

const choose = (args: string[], changed: string[] = []) =>
  chooseMutants(located, readOptions(args, 1) as MutantOptions, new Set(changed)).map(
    ({ mutant }) => mutant.name,
  );

test("a sample is a part of the list, another one for another seed, the same one for the same", () => {
  const some = choose(["--sample", "1/10", "--seed", "7"]);
  expect(some).toHaveLength(4);
  expect(choose(["--sample", "1/10", "--seed", "7"])).toEqual(some);
  expect(choose(["--sample", "1/10", "--seed", "8"])).not.toEqual(some);
  expect(choose([])).toHaveLength(40);
});

test("those of changed files are those whose code or test changed", () => {
  expect(choose(["--changed", "main"], ["3.ts", "6.test.ts"])).toEqual(
    located.flatMap(({ mutant: { name } }, index) =>
      index % 5 === 3 || index % 7 === 6 ? [name] : [],
    ),
  );
  expect(choose(["--only", "mutant-3", "--only", "mutant-5"])).toEqual(["mutant-3", "mutant-5"]);
});

test("options that make no sense are refused", () => {
  expect(readOptions(["--sample", "2/10"], 1)).toBe("--sample is 1/N");
  expect(readOptions(["--jobs", "0"], 1)).toContain("--jobs");
  expect(readOptions(["--seed", "x"], 1)).toContain("--seed");
  expect(readOptions(["--what"], 1)).toContain("--what");
});

test("mutants of different files share a look of the compiler", () => {
  const looks = shareLooks(located);
  expect(looks).toHaveLength(8);
  for (const look of looks) expect(new Set(look.map(({ place }) => place.file)).size).toBe(5);
});
