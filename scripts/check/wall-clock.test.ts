import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { countAsking, findClockViolations, KAFKAJS_WALL_CLOCK, WALL_CLOCK } from "./wall-clock.ts";

const ROOT = resolve(import.meta.dir, "../..");
const NOT_PRODUCTION =
  /node_modules\/|^shared\/testing\/|^scripts\/(check|mutants)\/|(\.test|-program|\/test-[^/]*)\.ts$|^(services|shared)\/[^/]*\/bench\//;

function readSources(root: string, pattern: string): Map<string, string> {
  const paths = [...new Bun.Glob(pattern).scanSync({ cwd: root })];
  return new Map(
    paths
      .filter((path) => !NOT_PRODUCTION.test(path))
      .map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
}

test("production code asks for the time of day only where that is listed, with what it is for", () => {
  const sources = readSources(ROOT, "{services,shared,scripts}/**/*.ts");
  expect(sources.size).toBeGreaterThan(300);
  expect(findClockViolations(countAsking(sources), WALL_CLOCK)).toEqual([]);
});

test("kafkajs as patched asks for the time of day only for what is stored or shown", () => {
  const sources = readSources(join(ROOT, "node_modules/kafkajs/src"), "**/*.js");
  expect(sources.size).toBeGreaterThan(200);
  expect(findClockViolations(countAsking(sources), KAFKAJS_WALL_CLOCK)).toEqual([]);
});

test("a place that is not listed, one more in a listed one, and a list that is stale are named", () => {
  const counts = countAsking(
    new Map([
      ["new.ts", "const deadline = Date.now() + 5;"],
      [
        "more.ts",
        "// Date.now is fine here\nconst a = new Date();\nconst b = [Date.now, new Date];",
      ],
      ["parsed.ts", "new Date(text).toISOString(); new Date(now()).toISOString()"],
      ["sql.ts", "db.run(`DELETE FROM t WHERE at < datetime('now')`)"],
    ]),
  );
  expect([...counts]).toEqual([
    ["new.ts", 1],
    ["more.ts", 3],
    ["sql.ts", 1],
  ]);
  const listed = { "more.ts": { times: 2, what: "x" }, "gone.ts": { times: 1, what: "x" } };
  expect(findClockViolations(counts, listed).map((line) => line.split(" ")[0])).toEqual([
    "gone.ts",
    "more.ts",
    "new.ts",
    "sql.ts",
  ]);
});
