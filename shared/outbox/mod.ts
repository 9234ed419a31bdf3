export { appendStatement, outboxWriter, prepareAppend, type Statement } from "./append.ts";
export { type Backoff, backoffDelay } from "./backoff.ts";
export { createOutboxDesk, type OutboxDesk, type OutboxItem, type OutboxState } from "./desk.ts";
export { judgeOutbox, type OutboxHealth, type OutboxSigns } from "./health.ts";
export { createLease, type Lease, type LeaseHolder } from "./lease.ts";
export type { OutboxStatus, OutboxWorkerSettings } from "./messages.ts";
export type { OutboxObserver, PublishedBatch, PublishedRow } from "./observer.ts";
export { type OutboxPruneOptions, startOutboxPruner } from "./prune.ts";
export { type OutboxEvent, type OutboxEventOf, publish } from "./publish.ts";
export { createRelay, type Relay } from "./relay.ts";
export type { RelaySettings, RelayStatus } from "./relay-types.ts";
export type { RoundLimits } from "./round.ts";
export { OUTBOX_TABLE } from "./schema.ts";
export { serveOutboxWorker } from "./serve-worker.ts";
export { type OutboxWorker, startOutboxWorker } from "./start-worker.ts";
export { RELAY_STEPS, type RelayStep } from "./steps.ts";
export {
  createOutboxStore,
  type OutboxFacts,
  prepareOutboxFacts,
  preparePendingCount,
} from "./store.ts";
