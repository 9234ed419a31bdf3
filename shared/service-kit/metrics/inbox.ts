import { Counter, Gauge, type Registry } from "prom-client";
import { showCount, showState } from "./values.ts";

const HELD_STATES = ["RETRYING", "BEHIND", "WAITING", "PARKED"] as const;
const CONSUMER_STATES = ["starting", "joined", "down", "refused", "stopped"] as const;

/** An inbox as its metrics see it; counts are since the start. */
export interface InboxReadings {
  processed: number;
  duplicates: number;
  skipped: number;
  unknown: number;
  retries: number;
  parked: number;
  held: Partial<Record<(typeof HELD_STATES)[number], number>>;
  inFlight: number;
  /** Milliseconds since the epoch; null before the first. */
  lastProgressAt: number | null;
  lags: readonly { topic: string; partition: number; records: number }[];
  consumer: { state: (typeof CONSUMER_STATES)[number]; stopped: readonly unknown[] };
}

/** How events take effect. */
export function inboxMetrics(registry: Registry, read: () => InboxReadings): () => void {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const events = new Counter({
    name: "inbox_events_total",
    help: "Events finished: processed, known already (duplicate), of no concern here (skipped), or of a type that is not known here (unknown).",
    labelNames: ["outcome"],
    registers,
  });
  const retries = counter(
    "inbox_retries_total",
    "Failed attempts after which an event is tried again.",
  );
  const parkings = counter("inbox_parked_total", "Events parked after their last attempt.");
  const held = new Gauge({
    name: "inbox_held",
    help: "Events set aside; PARKED ones wait for an operator.",
    labelNames: ["state"],
    registers,
  });
  const inFlight = gauge("inbox_in_flight", "Events taken over from the broker and not finished.");
  const progress = gauge(
    "inbox_last_progress_timestamp_seconds",
    "When an event was last finished, or nothing waited.",
  );
  const lag = new Gauge({
    name: "consumer_lag_records",
    help: "Records not finished of any partition that the topic has, up to its end a few seconds ago. Instances with one database tell the same.",
    labelNames: ["topic", "partition"],
    registers,
  });
  const state = new Gauge({
    name: "consumer_state",
    help: "1 for the state that the consumer is in, 0 for the others.",
    labelNames: ["state"],
    registers,
  });
  const stopped = gauge(
    "consumer_stopped_partitions",
    "Partitions that do not move until an operator resets their offset.",
  );

  return function refresh(): void {
    const now = read();
    events.reset();
    events.inc({ outcome: "processed" }, now.processed);
    events.inc({ outcome: "duplicate" }, now.duplicates);
    events.inc({ outcome: "skipped" }, now.skipped - now.unknown);
    events.inc({ outcome: "unknown" }, now.unknown);
    showCount(retries, now.retries);
    showCount(parkings, now.parked);
    for (const name of HELD_STATES) held.set({ state: name }, now.held[name] ?? 0);
    inFlight.set(now.inFlight);
    if (now.lastProgressAt !== null) progress.set(now.lastProgressAt / 1000);
    lag.reset();
    for (const { topic, partition, records } of now.lags) lag.set({ topic, partition }, records);
    showState(state, CONSUMER_STATES, now.consumer.state);
    stopped.set(now.consumer.stopped.length);
  };
}
