import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** Rows of the page's tables: what is promised, the test's file and its name. */
function readRows(page: string): { promise: string; file: string; name: string }[] {
  const promised = page.split("\n## Not promised")[0] ?? "";
  return promised
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (promise|---)/.test(line))
    .map((line) => {
      const [promise = "", proof = ""] = line.slice(2, -2).split(" | ");
      const [, file = "", name = ""] = /^`([^`]+)` › (.+)$/.exec(proof) ?? [];
      return { promise, file, name };
    });
}

/** Whether a file has a test of this name; `…` stands for what a template fills in. */
function hasTest(file: string, name: string): boolean {
  const path = resolve(ROOT, file);
  if (!existsSync(path)) return false;
  const source = readFileSync(path, "utf8").replace(/\$\{[^}]*\}/g, "…");
  return ['"', "`", "'"].some((quote) => source.includes(`${quote}${name}${quote}`));
}

test("every guarantee names a test that exists", () => {
  const rows = readRows(readFileSync(resolve(ROOT, "docs/guarantees.md"), "utf8"));
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter(({ file, name }) => !hasTest(file, name))).toEqual([]);
});

test("a guarantee without its test would be noticed", () => {
  const [row] = readRows("| promise | test |\n|---|---|\n| All is well. | `a.test.ts` › it is |");
  expect(row).toEqual({ promise: "All is well.", file: "a.test.ts", name: "it is" });
  expect(hasTest("a.test.ts", "it is")).toBe(false);
  expect(hasTest("scripts/check/guarantees.test.ts", "no such name".toUpperCase())).toBe(false);
});
