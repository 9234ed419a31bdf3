// The metrics of docs/operations.md; `bun run docs` writes them there.
import { sampleMetrics } from "./metrics-fixture.ts";
import { writePart } from "./operations-page-fixture.ts";

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

if (import.meta.main) writePart("metrics", metricsTable());
