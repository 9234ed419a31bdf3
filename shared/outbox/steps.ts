import { channel } from "node:diagnostics_channel";

/** What the relay has just done; `ids` are outbox ids. `sent` is before any answer. */
export interface RelayStep {
  step: "read" | "sent" | "acknowledged" | "marked";
  ids: number[];
}

/** The diagnostics channel on which the relay tells its {@link RelayStep}s, for tests and probes. */
export const RELAY_STEPS = "order-outbox.relay";

const steps = channel(RELAY_STEPS);

export function tellStep(step: RelayStep["step"], ids: () => number[]): void {
  if (steps.hasSubscribers) steps.publish({ step, ids: ids() } satisfies RelayStep);
}
