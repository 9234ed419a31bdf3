/** What is written down of an operator's decision, in the transaction that carries it out. */
export interface AuditEntry {
  /** ISO 8601. */
  at: string;
  /** Such as `REDRIVE`, `DISCARD`, `REPUBLISH`. */
  action: string;
  /** What it was about, as JSON has it: `outboxId`, `heldId`, `eventId`, `eventKey` where there is one. */
  target: object;
  /** Why, in the operator's words; null where none is asked for. */
  reason: string | null;
}
