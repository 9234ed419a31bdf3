import type { InboxReadings } from "./inbox.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { OutboxReadings } from "./outbox.ts";

/** Readings that differ from each other, so that none is shown in another's place. */
export const OUTBOX: OutboxReadings = {
  pending: 5,
  oldestPendingAt: new Date(Date.now() - 60_000).toISOString(),
  parked: 2,
  silentFor: 1_500,
  relay: {
    broker: "down",
    standby: false,
    holdsLease: true,
    published: 11,
    failedAttempts: 3,
    refusals: 7,
    parked: 4,
    pendingForMs: 2_000,
  },
};

export const INBOX: InboxReadings = {
  processed: 101,
  duplicates: 102,
  skipped: 103,
  unknown: 3,
  retries: 104,
  parked: 105,
  held: { RETRYING: 1, PARKED: 2 },
  inFlight: 9,
  lastProgressAt: 1_700_000_000_500,
  lags: [{ topic: "order_created", partition: 3, records: 42 }],
  consumer: { state: "joined", stopped: [{}] },
};

/** The metrics of a service that is not there, with every family. */
export function sampleMetrics(databasePath: string): Metrics {
  return createMetrics({
    service: "sample",
    databasePath,
    writable: () => true,
    droppedLogLines: () => 8,
    commitQueueDepth: () => 6,
    inbox: () => INBOX,
    outbox: () => OUTBOX,
  });
}
