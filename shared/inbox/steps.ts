import { channel } from "node:diagnostics_channel";

/** What the inbox has just done with one event. `inside` is in the transaction, before its COMMIT. */
export interface InboxStep {
  step: "received" | "prepared" | "inside" | "committed" | "redriving";
  eventId: string;
  eventType: string;
}

/** The diagnostics channel on which an inbox tells its {@link InboxStep}s, for tests and probes. */
export const INBOX_STEPS = "order-outbox.inbox";

const steps = channel(INBOX_STEPS);

export function tellStep(step: InboxStep["step"], event: { id: string; type: string }): void {
  if (!steps.hasSubscribers) return;
  steps.publish({ step, eventId: event.id, eventType: event.type } satisfies InboxStep);
}
