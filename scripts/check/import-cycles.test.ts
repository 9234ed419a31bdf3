import { expect, test } from "bun:test";
import { findImportCycles } from "./import-cycles.ts";
import { readSources } from "./imports.ts";

test("no files of this repository import each other in a circle", async () => {
  expect(findImportCycles(await readSources(`${import.meta.dir}/../..`))).toEqual([]);
});

test("a circle is found within a package, and through the faces of two", () => {
  const file = (path: string, ...imports: string[]) => ({ path, imports });
  expect(
    findImportCycles([
      file("shared/kafka/b.ts", "./c.ts"),
      file("shared/kafka/c.ts", "./a.ts"),
      file("shared/kafka/a.ts", "./b.ts", "./alone.ts"),
      file("shared/kafka/alone.ts", "elysia"),
      file("shared/inbox/work.ts", "@order-outbox/outbox"),
      file("shared/inbox/mod.ts", "./work.ts"),
      file("shared/outbox/mod.ts", "@order-outbox/inbox"),
    ]),
  ).toEqual([
    ["shared/inbox/mod.ts", "shared/inbox/work.ts", "shared/outbox/mod.ts", "shared/inbox/mod.ts"],
    ["shared/kafka/a.ts", "shared/kafka/b.ts", "shared/kafka/c.ts", "shared/kafka/a.ts"],
  ]);
});
