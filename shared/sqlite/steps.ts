import { channel } from "node:diagnostics_channel";

/** What a commit queue is about to do, or has just done, with one transaction. */
export interface CommitStep {
  step: "before-commit" | "after-commit";
  /** How many units of work shared the transaction, failed ones included. */
  units: number;
}

/** The diagnostics channel on which commit queues tell their {@link CommitStep}s, for tests and probes. */
export const COMMIT_STEPS = "order-outbox.commit";

/** What a migration has just done, inside its transaction. */
export interface MigrationStep {
  step: "inside";
  /** The name of the migration. */
  name: string;
}

/** The diagnostics channel on which migrations tell their {@link MigrationStep}s. */
export const MIGRATION_STEPS = "order-outbox.migration";

const steps = channel(COMMIT_STEPS);
const migrations = channel(MIGRATION_STEPS);

export function tellStep(step: CommitStep["step"], units: number): void {
  if (steps.hasSubscribers) steps.publish({ step, units } satisfies CommitStep);
}

export function tellMigration(name: string): void {
  if (migrations.hasSubscribers)
    migrations.publish({ step: "inside", name } satisfies MigrationStep);
}
