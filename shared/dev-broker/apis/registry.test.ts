import { expect, test } from "bun:test";
import { join } from "node:path";
import { APIS } from "./registry.ts";

test("the readme's table is the registry", async () => {
  const readme = await Bun.file(join(import.meta.dir, "../README.md")).text();
  const rows = [...readme.matchAll(/^\| *(\d+) *\| *(\w+) *\| *(\d+)–(\d+) *\|/gm)].map(
    ([, key, name, from, to]) => [Number(key), name, Number(from), Number(to)],
  );
  const served = APIS.map(({ key, name, minVersion, maxVersion }) => [
    key,
    name as string,
    minVersion,
    maxVersion,
  ]);
  expect(rows as unknown[]).toEqual(served);
});

test("every API has a key of its own", () => {
  expect(new Set(APIS.map(({ key }) => key)).size).toBe(APIS.length);
});
