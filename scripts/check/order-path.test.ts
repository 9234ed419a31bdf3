import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { isProduction } from "./import-rules.ts";
import { countLines, readOrderPath } from "./order-path.ts";

const ROOT = resolve(import.meta.dir, "../..");

test("the path of an order is as docs/design.md lists it, and can be read in half an hour", async () => {
  const hops = readOrderPath(await Bun.file(join(ROOT, "docs/design.md")).text());
  expect(hops.length).toBeGreaterThan(12);
  expect(hops.length).toBeLessThanOrEqual(18);
  for (const { file, name } of hops) {
    expect([file, await Bun.file(join(ROOT, file)).text()]).toEqual([
      file,
      expect.stringMatching(new RegExp(`\\b${name}\\b`)),
    ]);
  }
  const lines = await countLines(ROOT, hops);
  expect(lines.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(2_800);
});

test("no file of production code has more than 300 lines, and scripts are a small part of it", async () => {
  const paths = await Array.fromAsync(new Bun.Glob("{services,shared,scripts}/**/*.ts").scan(ROOT));
  const ours = paths.filter((path) => !path.includes("node_modules/") && isProduction(path));
  const lines = await countLines(
    ROOT,
    ours.map((file) => ({ file, name: "" })),
  );
  const sum = (filter: (path: string) => boolean) =>
    ours.reduce((all, path, at) => all + (filter(path) ? (lines[at] ?? 0) : 0), 0);
  expect(ours.filter((_, at) => (lines[at] ?? 0) > 300)).toEqual([]);
  expect(sum((path) => path.startsWith("scripts/")) / sum(() => true)).toBeLessThanOrEqual(0.15);
});
