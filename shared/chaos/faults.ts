import { SERVICES, type ServiceName } from "@order-outbox/registry";
import type { NetworkFault } from "@order-outbox/testing";

/** What may be killed or stood still. */
export type ProcessName = ServiceName | "broker";

/** Every service, by name. */
export const SERVICE_NAMES: readonly ServiceName[] = SERVICES.map(({ name }) => name);

/** Something that is done to the system; times are milliseconds. */
export type Fault =
  /** SIGKILL, and a start after `downMs`. */
  | { kind: "kill"; target: ProcessName; downMs: number }
  /** SIGSTOP, and SIGCONT after `lastsMs`. */
  | { kind: "pause"; target: ProcessName; lastsMs: number }
  /** Between the services and the broker. `cut` drops the open connections first. */
  | { kind: "network"; fault: NetworkFault; cut: boolean; lastsMs: number }
  /** Every open connection to the broker is dropped at once. */
  | { kind: "cut" }
  /** payment-service is stopped, its database deleted, and it is started again. */
  | { kind: "lose-database" }
  /** payment-service's database is copied, and put in place of its successor `ageMs` later. */
  | { kind: "restore-database"; ageMs: number }
  /** Commits wait for up to `holdMs`, again and again. */
  | { kind: "slow-disk"; target: ServiceName; holdMs: number; lastsMs: number }
  /** Nothing can be written any more. */
  | { kind: "full-disk"; target: ServiceName; lastsMs: number };

/** When it is done, in milliseconds after the first order. */
export interface PlannedFault {
  atMs: number;
  fault: Fault;
}

/** The words under which a report counts a fault. */
export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case "kill":
    case "pause":
      return `${fault.kind} ${fault.target}`;
    case "network":
      return fault.fault.kind === "one-way"
        ? `network: only ${fault.fault.passes} pass`
        : `network: ${fault.fault.kind}`;
    case "cut":
      return "network: cut";
    case "lose-database":
      return "payments database lost";
    case "restore-database":
      return "payments database restored from a copy";
    case "slow-disk":
      return `slow disk, ${fault.target}`;
    case "full-disk":
      return `full disk, ${fault.target}`;
  }
}

/** How long the fault is meant to last. */
export function durationOf(fault: Fault): number {
  if (fault.kind === "kill") return fault.downMs;
  if (fault.kind === "restore-database") return fault.ageMs;
  return "lastsMs" in fault ? fault.lastsMs : 0;
}
