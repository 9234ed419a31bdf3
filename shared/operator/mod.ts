/**
 * What an operator can do with a service, and what is written down of it: one home for the command
 * line, the admin routes and whatever shows them. Start reading at `OutboxDesk` (rows to be published)
 * and `HeldDesk` (events that a consumer set aside); `createOutboxDesk` of the outbox and
 * `createHeldDesk` of the inbox implement them. Example: `await desk.redrive({ key: "order-1" })`.
 */
export type { AuditEntry } from "./audit.ts";
export {
  HELD_STATES,
  type HeldCounts,
  type HeldDesk,
  type HeldFilter,
  type HeldItem,
  type HeldState,
  type OperatorAsk,
  type ReadOffset,
  type RedriveWhich,
  type RequestItem,
} from "./held-desk.ts";
export type {
  InSteps,
  OutboxCounts,
  OutboxDesk,
  OutboxFilter,
  OutboxItem,
  OutboxState,
  ParkedFilter,
  PublishedFilter,
  RelayOwner,
  StoredRow,
} from "./outbox-desk.ts";
export { AUDIT_TABLE, prepareAudit } from "./sqlite/audit.ts";
