import { expect, test } from "bun:test";
import { readPart } from "./operations-page.ts";
import { settingsTable } from "./settings-table.ts";

test("docs/operations.md has every setting as it is; `bun run docs` writes them", async () => {
  expect(readPart("settings")).toBe(await settingsTable());
});
