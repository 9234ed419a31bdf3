export { type AdminOptions, adminRoutes } from "./admin.ts";
export { adminSettings, adminTokenOf } from "./admin-token.ts";
export {
  type Environment,
  exitOnConfigError,
  expectedOf,
  loadConfig,
  type SettingProblem,
} from "./config.ts";
export { describeError, type ErrorDescription } from "./describe-error.ts";
export { parseDuration } from "./duration.ts";
export { endProcess } from "./end-process.ts";
export {
  type BrokerState,
  type CheckResult,
  type HealthOptions,
  health,
  type Readiness,
} from "./health.ts";
export { type Listener, type ListenOptions, listen } from "./http.ts";
export { MAX_BODY_BYTES, readJsonBody } from "./json-body.ts";
export { KafkaConfig, kafkaConnectionOf, kafkaSettings } from "./kafka-settings.ts";
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type ProcessLogger,
  wantsColor,
} from "./logger.ts";
export { createMetrics, type Metrics, type MetricsOptions } from "./metrics.ts";
export { metricsRoute } from "./metrics-route.ts";
export type { ServedApp } from "./observe-requests.ts";
export { openapi } from "./openapi.ts";
export {
  type Answer,
  type OperationDetails,
  operation,
  WRITE_PROBLEMS,
} from "./openapi-details.ts";
export type { ApiInfo, OpenApiDocument } from "./openapi-objects.ts";
export {
  decodeCursor,
  encodeCursor,
  MAX_PAGE_SIZE,
  type Page,
  PageQuery,
  pageOf,
  toPage,
} from "./pagination.ts";
export {
  invalidInput,
  ProblemSchema,
  problemResponse,
  statusOf,
  type Violation,
} from "./problem.ts";
export { problemJson } from "./problem-plugin.ts";
export { runServer, type ServerOptions } from "./run-server.ts";
export {
  allowedHostsSetting,
  brokersOf,
  databasePathSetting,
  hostSetting,
  inboxRetentionSetting,
  kafkaHostSetting,
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
} from "./settings.ts";
export { onParentExit, onShutdown, type ShutdownOptions, type ShutdownStep } from "./shutdown.ts";
export { traceparentOf } from "./trace-context.ts";
export type { RequestFacts, TracedRequest, TraceRequest } from "./trace-requests.ts";
export { type StorageWatch, type StorageWatchOptions, watchStorage } from "./watch-storage.ts";
