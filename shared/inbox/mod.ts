export { INBOX_CRASH_POINTS, type InboxCrashPoint } from "./crash-points.ts";
export {
  type EventDecision,
  type EventHandler,
  type Handlers,
  type HeldDecision,
  hold,
} from "./handler.ts";
export { type InboxHealth, judgeInbox } from "./health.ts";
export type { RetryPolicy } from "./held-rules.ts";
export type { PartitionLag } from "./lags.ts";
export type { Delivery, FollowEvent, FollowedWork } from "./observer.ts";
export {
  type InboxRetention,
  type InboxRetentionOptions,
  type InboxRetentionStatus,
  startInboxRetention,
} from "./retention.ts";
export { createHeldDesk, type HeldDeskOptions } from "./sqlite/held-desk.ts";
export { createInboxStore } from "./sqlite/inbox-store.ts";
export { inboxWriters } from "./sqlite/inbox-writers.ts";
export {
  HELD_STATE_INDEX,
  INBOX_TABLES,
  inboxByConsumer,
  inboxSchema,
} from "./sqlite/schema.ts";
export {
  type Inbox,
  type InboxIntervals,
  type InboxOptions,
  type InboxStatus,
  startInbox,
} from "./start-inbox.ts";
export type { InboxStore, OperatorRequest } from "./store.ts";
