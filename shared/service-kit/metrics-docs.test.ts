import { expect, test } from "bun:test";
import { documentedTable, metricsTable } from "./metrics-table-fixture.ts";

test("docs/operations.md names every metric as it is; the fixture writes the table", () => {
  expect(documentedTable()).toBe(metricsTable());
});
