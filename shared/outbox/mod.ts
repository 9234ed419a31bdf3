export { type Backoff, backoffDelay } from "./backoff.ts";
export { RELAY_CRASH_POINTS, type RelayCrashPoint } from "./crash-points.ts";
export { judgeOutbox, type OutboxHealth, type OutboxSigns } from "./health.ts";
export {
  createLease,
  type Lease,
  type LeaseHolder,
  type LeaseOptions,
  type LeaseRecord,
  type LeaseRow,
} from "./lease.ts";
export type { OutboxStatus, OutboxWorkerSettings } from "./messages.ts";
export type { OutboxObserver, PublishedBatch, PublishedRow } from "./observer.ts";
export { type OutboxEvent, type OutboxEventOf, publish } from "./publish.ts";
export { createRelay, type Relay } from "./relay.ts";
export type { RelaySettings, RelayStatus } from "./relay-types.ts";
export { serveOutboxWorker } from "./serve-worker.ts";
export {
  appendStatement,
  outboxWriter,
  prepareAppend,
  type Statement,
} from "./sqlite/append.ts";
export { createLeaseRecord } from "./sqlite/lease-record.ts";
export { openSqliteOutbox } from "./sqlite/open-outbox.ts";
export { createOutboxDesk, type OutboxDeskOptions } from "./sqlite/outbox-desk.ts";
export { createOutboxReader } from "./sqlite/outbox-reader.ts";
export { createOutboxStore } from "./sqlite/outbox-store.ts";
export { OUTBOX_TABLE } from "./sqlite/schema.ts";
export { settledRows } from "./sqlite/settled-rows.ts";
export { type OutboxWorker, startOutboxWorker } from "./start-worker.ts";
export type {
  OpenOutbox,
  OutboxConnection,
  OutboxFacts,
  OutboxReader,
  OutboxStore,
  PendingRow,
  RelayPresence,
  RoundLimits,
} from "./store.ts";
