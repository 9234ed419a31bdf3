// The table of docs/operations.md; `bun shared/service-kit/metrics-table-fixture.ts` writes it there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";
import { sampleMetrics } from "./metrics-fixture.ts";

const PAGE = join(REPOSITORY, "docs/operations.md");
const TABLE = /(?<=<!-- metrics: begin -->\n)[\s\S]*?(?=<!-- metrics: end -->)/;

/** The table as the code has it. */
export function metricsTable(): string {
  const rows = sampleMetrics("x.db")
    .describe()
    .map(({ name, type, labels, help }) => {
      const given = labels.map((label) => `\`${label}\``).join(", ");
      return `| \`${name}\` | ${type} | ${given} | ${help} |\n`;
    });
  return `| metric | type | labels | meaning |\n|---|---|---|---|\n${rows.join("")}`;
}

/** The table as the page has it. */
export function documentedTable(): string {
  return TABLE.exec(readFileSync(PAGE, "utf8"))?.[0] ?? "";
}

if (import.meta.main) {
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(TABLE, () => metricsTable()),
  );
}
