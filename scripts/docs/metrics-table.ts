import { createMetrics } from "@order-outbox/service-kit";

const nobodyReads = () => {
  throw new Error("metrics that are only described are not read");
};

/** The metrics of docs/operations.md as the code has them. */
export function metricsTable(): string {
  const metrics = createMetrics({
    service: "sample",
    databasePath: "sample.db",
    writable: nobodyReads,
    droppedLogLines: nobodyReads,
    commitQueueDepth: nobodyReads,
    inbox: nobodyReads,
    outbox: nobodyReads,
  });
  const rows = metrics.describe().map(({ name, type, labels, help }) => {
    const given = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${given} | ${help} |\n`;
  });
  return `| metric | type | labels | meaning |\n|---|---|---|---|\n${rows.join("")}`;
}
