import { expect, test } from "bun:test";
import type { Mutant } from "./mutant.ts";
import { findPlace, mutate } from "./place.ts";

const mutant: Mutant = {
  name: "never-more",
  breaks: "More is better.",
  file: "shared/a.ts",
  find: "return more\n  ? one : two;",
  put: "return two;",
  test: "shared/a.test.ts › more is better",
};

const CODE = "function f() {\n    return more ? one\n      : two;\n}\n";

test("a mutant's text is found however it is broken into lines, and changed in its place", () => {
  const place = findPlace(mutant, new Map([["shared/a.ts", CODE]]));
  if (typeof place === "string") throw new Error(place);
  expect(mutate(CODE, place, mutant)).toBe("function f() {\n    return two;\n}\n");
});

test("code that moved to another file is found there", () => {
  const sources = new Map([
    ["shared/a.ts", "export {};"],
    ["shared/b/c.ts", CODE],
  ]);
  expect(findPlace(mutant, sources)).toMatchObject({ file: "shared/b/c.ts", start: 19 });
});

test("text that is gone, or stands twice, is no place", () => {
  expect(findPlace(mutant, new Map([["shared/a.ts", "export {};"]]))).toContain("no production");
  expect(findPlace(mutant, new Map([["shared/a.ts", CODE + CODE]]))).toContain("not unique");
  const twice = new Map([
    ["shared/b.ts", CODE],
    ["shared/c.ts", CODE],
  ]);
  expect(findPlace(mutant, twice)).toBe("its text is not unique: shared/b.ts, shared/c.ts");
});
