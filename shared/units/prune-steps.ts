import { channel } from "node:diagnostics_channel";

/** What a pruner has just done: `inside` is in the transaction, before its COMMIT. */
export interface PruneStep {
  step: "inside" | "pruned";
  table: string;
  rows: number;
}

/** The diagnostics channel on which pruners tell their {@link PruneStep}s, for tests and probes. */
export const PRUNE_STEPS = "order-outbox.prune";

const steps = channel(PRUNE_STEPS);

/** A store tells `inside` when it deletes; the pruner tells the rest. */
export function tellPruneStep(step: PruneStep["step"], table: string, rows: number): void {
  if (steps.hasSubscribers) steps.publish({ step, table, rows } satisfies PruneStep);
}
