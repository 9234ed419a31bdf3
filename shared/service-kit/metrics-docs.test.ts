import { expect, test } from "bun:test";
import { metricsTable } from "./metrics-table-fixture.ts";
import { readPart } from "./operations-page-fixture.ts";

test("docs/operations.md names every metric as it is; `bun run docs` writes them", () => {
  expect(readPart("metrics")).toBe(metricsTable());
});
