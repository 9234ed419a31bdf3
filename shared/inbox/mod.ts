export { createHeldDesk, type HeldDesk, type HeldItem, type RequestItem } from "./desk.ts";
export type { EventHandler, Handlers } from "./handler.ts";
export { type InboxHealth, judgeInbox } from "./health.ts";
export type { HeldState, RetryPolicy } from "./held-rules.ts";
export type { PartitionLag } from "./lags.ts";
export type { Delivery, FollowEvent, FollowedWork } from "./observer.ts";
export type { OperatorRequest } from "./operator-requests.ts";
export {
  type InboxRetention,
  type InboxRetentionOptions,
  type InboxRetentionStatus,
  startInboxRetention,
} from "./retention.ts";
export { HELD_STATE_INDEX, INBOX_BY_SOURCE, INBOX_SCHEMA, INBOX_TABLES } from "./schema.ts";
export {
  type Inbox,
  type InboxOptions,
  type InboxStatus,
  startInbox,
} from "./start-inbox.ts";
export { INBOX_STEPS, type InboxStep } from "./steps.ts";
