export { type Audit, auditSystem } from "./audit.ts";
export type { AuditedSystem } from "./audit-traces.ts";
export {
  type NotificationView,
  type OrderView,
  type PaymentView,
  type SystemClient,
  systemClient,
} from "./client.ts";
export { copyRepository } from "./copy-repository.ts";
export { firstDeliveries, outOfOrder } from "./first-deliveries.ts";
export { type OutboxPlace, outbox, outboxJson } from "./outbox-command.ts";
export { redrivenEvents } from "./redriven-events.ts";
export {
  type ServiceOptions,
  type ServiceProcess,
  serviceProcess,
} from "./service-process.ts";
export { resetServiceTopics, SERVICE_GROUPS, SERVICE_TOPICS } from "./service-topics.ts";
export { type System, type SystemOptions, startSystem } from "./system.ts";
export {
  type CopiedRun,
  copyRun,
  type FinishedRun,
  finishRun,
  replayRun,
  waitUntilWorked,
} from "./test-run.ts";
