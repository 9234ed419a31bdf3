/**
 * What a service is made of around its work, a room each: settings that name every fault at once
 * (`config/`), problems and pages (`http/`), the document of its routes (`openapi/`), `metrics/`,
 * `health/`, operators' routes (`admin/`), `logs/`, and an end in order (`lifecycle/`). Start with
 * `lifecycle/run-server.ts`. `@order-outbox/service` puts it all together.
 *
 * @example
 * new Elysia().use(problemJson({ logger })).use(health({ service, readiness }));
 */
export { type AdminOptions, adminRoutes } from "./admin/routes.ts";
export { adminSettings, adminTokenOf } from "./admin/token.ts";
export {
  type Environment,
  exitOnConfigError,
  expectedOf,
  loadConfig,
  type SettingProblem,
} from "./config/config.ts";
export { parseDuration } from "./config/duration.ts";
export { KafkaConfig, kafkaConnectionOf, kafkaSettings } from "./config/kafka-settings.ts";
export {
  allowedHostsSetting,
  brokersOf,
  databasePathSetting,
  hostSetting,
  inboxRetentionSetting,
  logFormatSetting,
  logLevelSetting,
  notesOf,
  notificationRetentionSetting,
  outboxBackoffSetting,
  outboxPollSetting,
  outboxRetentionSetting,
  portSetting,
  retryAttemptsSetting,
  retryMaxSetting,
  type SettingCheck,
  type SettingNotes,
} from "./config/settings.ts";
export {
  type BrokerState,
  type CheckResult,
  type HealthOptions,
  health,
  type Readiness,
} from "./health/health.ts";
export {
  type StorageWatch,
  type StorageWatchOptions,
  watchStorage,
} from "./health/watch-storage.ts";
export { type Listener, type ListenOptions, listen } from "./http/listen.ts";
export type { ServedApp } from "./http/observe-requests.ts";
export {
  decodeCursor,
  encodeCursor,
  type Page,
  PageQuery,
  pageOf,
  toPage,
} from "./http/pagination.ts";
export { invalidInput, type Violation } from "./http/problem.ts";
export { problemJson } from "./http/problem-plugin.ts";
export { traceparentOf } from "./http/trace-context.ts";
export type { RequestFacts, TracedRequest, TraceRequest } from "./http/trace-requests.ts";
export { endProcess } from "./lifecycle/end-process.ts";
export { runServer, type ServerOptions } from "./lifecycle/run-server.ts";
export type { ShutdownStep } from "./lifecycle/shutdown.ts";
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type ProcessLogger,
} from "./logs/logger.ts";
export { createMetrics, type Metrics, type MetricsOptions } from "./metrics/metrics.ts";
export { metricsRoute } from "./metrics/route.ts";
export {
  type Answer,
  type OperationDetails,
  operation,
  WRITE_PROBLEMS,
} from "./openapi/details.ts";
export type { ApiInfo } from "./openapi/objects.ts";
export { openapi } from "./openapi/openapi.ts";
