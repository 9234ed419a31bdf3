import { Registry } from "prom-client";
import { commitMetrics } from "./commits.ts";
import { httpMetrics, type NoteRequest } from "./http.ts";
import { type InboxReadings, inboxMetrics } from "./inbox.ts";
import { type OutboxReadings, outboxMetrics } from "./outbox.ts";
import { processMetrics } from "./process.ts";
import { storageMetrics } from "./storage.ts";

/** What a service has to tell. The functions are called when somebody scrapes, and only then. */
export interface MetricsOptions {
  service: string;
  databasePath: string;
  /** Whether the service's files can be written. */
  writable(): boolean;
  /** Log lines that were dropped because standard output took no more. */
  droppedLogLines(): number;
  /** Units of work that wait for their commit. */
  commitQueueDepth(): number;
  /** Left out by a service that consumes nothing. */
  inbox?(): InboxReadings;
  /** Left out by a service that publishes nothing. */
  outbox?(): OutboxReadings | Promise<OutboxReadings>;
}

/** A metric as it is documented. */
export interface MetricDescription {
  name: string;
  type: string;
  labels: readonly string[];
  help: string;
}

/** The metrics of one service. What happens often is noted; everything else is read at a scrape. */
export interface Metrics {
  noteRequest: NoteRequest;
  /** For `onCommit` of the commit queue. */
  noteCommit(units: number, durationMs: number): void;
  /** For `onRounds` of the outbox worker: how long the broker took to answer each round, in ms. */
  noteRounds(durationsMs: readonly number[]): void;
  /**
   * All of it in the Prometheus text format
   * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
   */
  scrape(): Promise<{ text: string; contentType: string }>;
  describe(): MetricDescription[];
}

/** Creates the metrics of a service; nothing is shared between two of them. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const http = httpMetrics(registry);
  const commits = commitMetrics(registry, options.commitQueueDepth);
  const outbox = options.outbox && outboxMetrics(registry, options.outbox);
  const refreshers = [
    http.refresh,
    commits.refresh,
    ...(outbox === undefined ? [] : [outbox.refresh]),
    ...(options.inbox === undefined ? [] : [inboxMetrics(registry, options.inbox)]),
    storageMetrics(registry, options.databasePath, options.writable),
    processMetrics(registry, options.service, options.droppedLogLines),
  ];

  return {
    noteRequest: http.note,
    noteCommit: commits.noteCommit,
    noteRounds: (durationsMs) => outbox?.noteRounds(durationsMs),
    async scrape() {
      for (const refresh of refreshers) await refresh();
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
    describe: () =>
      registry.getMetricsAsArray().map((metric) => ({
        name: metric.name,
        type: String(metric.type),
        labels: "labelNames" in metric ? (metric.labelNames as string[]) : [],
        help: metric.help,
      })),
  };
}
