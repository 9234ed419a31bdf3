import { channel } from "node:diagnostics_channel";

/** What a commit queue is about to do, or has just done, with one transaction. */
export interface CommitStep {
  step: "before-commit" | "after-commit";
  /** How many units of work shared the transaction, failed ones included. */
  units: number;
}

/** The diagnostics channel on which commit queues tell their {@link CommitStep}s, for tests and probes. */
export const COMMIT_STEPS = "order-outbox.commit";

const steps = channel(COMMIT_STEPS);

export function tellStep(step: CommitStep["step"], units: number): void {
  if (steps.hasSubscribers) steps.publish({ step, units } satisfies CommitStep);
}
