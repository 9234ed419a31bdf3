import { channel } from "node:diagnostics_channel";

/** What the relay has just done; `ids` are outbox ids. `sent` is before any answer. */
export interface RelayCrashPoint {
  step: "read" | "sent" | "acknowledged" | "marked";
  ids: number[];
}

/** The diagnostics channel on which the relay tells its {@link RelayCrashPoint}s, for tests and probes. */
export const RELAY_CRASH_POINTS = "order-outbox.relay";

const steps = channel(RELAY_CRASH_POINTS);

export function tellCrashPoint(step: RelayCrashPoint["step"], ids: () => number[]): void {
  if (steps.hasSubscribers) steps.publish({ step, ids: ids() } satisfies RelayCrashPoint);
}
