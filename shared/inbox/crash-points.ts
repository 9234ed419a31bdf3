import { channel } from "node:diagnostics_channel";

/** What the inbox has just done with one event. `inside` is in the transaction, before its COMMIT. */
export interface InboxCrashPoint {
  step: "received" | "prepared" | "inside" | "committed" | "redriving";
  eventId: string;
  eventType: string;
}

/** The diagnostics channel on which an inbox tells its {@link InboxCrashPoint}s, for tests and probes. */
export const INBOX_CRASH_POINTS = "order-outbox.inbox";

const steps = channel(INBOX_CRASH_POINTS);

export function tellCrashPoint(
  step: InboxCrashPoint["step"],
  event: { id: string; type: string },
): void {
  if (!steps.hasSubscribers) return;
  steps.publish({ step, eventId: event.id, eventType: event.type } satisfies InboxCrashPoint);
}
