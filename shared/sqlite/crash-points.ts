import { channel } from "node:diagnostics_channel";

/** What a commit queue is about to do, or has just done, with one transaction. */
export interface CommitCrashPoint {
  step: "before-commit" | "after-commit";
  /** How many units of work shared the transaction, failed ones included. */
  units: number;
}

/** The diagnostics channel on which commit queues tell their {@link CommitCrashPoint}s, for tests and probes. */
export const COMMIT_CRASH_POINTS = "order-outbox.commit";

/** What a migration has just done, inside its transaction. */
export interface MigrationCrashPoint {
  step: "inside";
  /** The name of the migration. */
  name: string;
}

/** The diagnostics channel on which migrations tell their {@link MigrationCrashPoint}s. */
export const MIGRATION_CRASH_POINTS = "order-outbox.migration";

const steps = channel(COMMIT_CRASH_POINTS);
const migrations = channel(MIGRATION_CRASH_POINTS);

export function tellCrashPoint(step: CommitCrashPoint["step"], units: number): void {
  if (steps.hasSubscribers) steps.publish({ step, units } satisfies CommitCrashPoint);
}

export function tellMigration(name: string): void {
  if (migrations.hasSubscribers)
    migrations.publish({ step: "inside", name } satisfies MigrationCrashPoint);
}
