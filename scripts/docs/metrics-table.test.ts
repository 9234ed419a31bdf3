import { expect, test } from "bun:test";
import { metricsTable } from "./metrics-table.ts";
import { readPart } from "./operations-page.ts";

test("docs/operations.md names every metric as it is; `bun run docs` writes them", () => {
  expect(readPart("metrics")).toBe(metricsTable());
});
