import { channel } from "node:diagnostics_channel";

/** What a pruner has just done: `inside` is in the transaction, before its COMMIT. */
export interface PruneCrashPoint {
  step: "inside" | "pruned";
  table: string;
  rows: number;
}

/** The diagnostics channel on which pruners tell their {@link PruneCrashPoint}s, for tests and probes. */
export const PRUNE_CRASH_POINTS = "order-outbox.prune";

const steps = channel(PRUNE_CRASH_POINTS);

/** A store tells `inside` when it deletes; the pruner tells the rest. */
export function tellPruneCrashPoint(
  step: PruneCrashPoint["step"],
  table: string,
  rows: number,
): void {
  if (steps.hasSubscribers) steps.publish({ step, table, rows } satisfies PruneCrashPoint);
}
