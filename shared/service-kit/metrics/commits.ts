import { Gauge, Histogram, type Registry } from "prom-client";

/** How units of work get to the disk. */
export function commitMetrics(registry: Registry, depth: () => number) {
  const registers = [registry];
  const waiting = new Gauge({
    name: "commit_queue_depth",
    help: "Units of work that wait for their transaction.",
    registers,
  });
  const units = new Histogram({
    name: "commit_batch_units",
    help: "Units of work that shared one commit; their count is the number of commits.",
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const durations = new Histogram({
    name: "commit_duration_seconds",
    help: "Time from BEGIN to the end of COMMIT, the sync of the disk included.",
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });

  return {
    noteCommit(count: number, durationMs: number): void {
      units.observe(count);
      durations.observe(durationMs / 1000);
    },
    refresh(): void {
      waiting.set(depth());
    },
  };
}
