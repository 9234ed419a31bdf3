import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { showCount, showState } from "./values.ts";

const BROKER_STATES = ["unknown", "up", "down"] as const;

/** An outbox as its metrics see it. */
export interface OutboxReadings {
  pending: number;
  /** ISO 8601; null when nothing is pending. */
  oldestPendingAt: string | null;
  parked: number;
  /** Undefined before the worker's first sign of life. */
  relay: RelayReadings | undefined;
  /** Milliseconds since the worker's last sign of life. */
  silentFor: number;
}

/** What a relay has done since its worker started. */
export interface RelayReadings {
  broker: (typeof BROKER_STATES)[number];
  standby: boolean;
  holdsLease: boolean;
  published: number;
  failedAttempts: number;
  refusals: number;
  parked: number;
  /** Milliseconds for which the oldest pending event has been seen to wait. */
  pendingForMs: number;
}

/** How events get to the broker. */
export function outboxMetrics(
  registry: Registry,
  read: () => OutboxReadings | Promise<OutboxReadings>,
) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const pending = gauge(
    "outbox_pending",
    "Events that wait to be published; counted up to 100,000.",
  );
  const oldest = gauge(
    "outbox_oldest_pending_age_seconds",
    "Age of the oldest event that waits to be published, not behind a parked one of its key; 0: none.",
  );
  const parked = gauge("outbox_parked", "Events that the broker refused until they were parked.");
  const published = counter(
    "outbox_published_total",
    "Events that the broker acknowledged and that are marked published.",
  );
  const durations = new Histogram({
    name: "outbox_publish_duration_seconds",
    help: "Time that the broker took to answer a round of events; their count is that of rounds.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const failed = counter(
    "outbox_failed_attempts_total",
    "Attempts to publish that ended without an answer, such as those during an outage.",
  );
  const refusals = counter(
    "outbox_refusals_total",
    "Times that the broker refused an event that was sent alone.",
  );
  const parkings = counter("outbox_parked_total", "Events parked after their last refusal.");
  const broker = new Gauge({
    name: "outbox_broker_state",
    help: "1 for what the relay knows of the broker, 0 for the other states.",
    labelNames: ["state"],
    registers,
  });
  const lease = gauge(
    "outbox_relay_lease_held",
    "1 while this instance has the right to publish from its database.",
  );
  const standby = gauge(
    "outbox_relay_standby",
    "1 while another instance publishes and this one waits to follow it.",
  );
  const heartbeat = gauge(
    "outbox_worker_heartbeat_age_seconds",
    "Time since the outbox worker's last sign of life.",
  );

  return {
    noteRounds(durationsMs: readonly number[]): void {
      for (const ms of durationsMs) durations.observe(ms / 1000);
    },
    async refresh(): Promise<void> {
      const { relay, ...facts } = await read();
      pending.set(facts.pending);
      const seenMs = relay === undefined ? 0 : relay.pendingForMs + facts.silentFor;
      oldest.set(ageOf(facts.oldestPendingAt, seenMs));
      parked.set(facts.parked);
      heartbeat.set(facts.silentFor / 1000);
      showState(broker, BROKER_STATES, relay?.broker ?? "unknown");
      if (relay === undefined) return;
      showCount(published, relay.published);
      showCount(failed, relay.failedAttempts);
      showCount(refusals, relay.refusals);
      showCount(parkings, relay.parked);
      lease.set(Number(relay.holdsLease));
      standby.set(Number(relay.standby));
    },
  };
}

/**
 * The age in seconds by the time of day, as the row has it, so that it is right after a restart; not
 * less than the event was seen to wait, so that a clock that was set back hides nothing.
 */
function ageOf(time: string | null, seenMs: number): number {
  return time === null ? 0 : Math.max(seenMs, Date.now() - Date.parse(time)) / 1000;
}
