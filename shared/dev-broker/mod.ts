export type { ApiName } from "./apis/api-name.ts";
export type {
  Fault,
  Intercept,
  InterceptedRequest,
  InterceptOptions,
} from "./server/intercepts.ts";
export { type DevBroker, type DevBrokerOptions, startDevBroker } from "./start-dev-broker.ts";
export { KAFKA_ERRORS, type KafkaErrorName } from "./wire/error-codes.ts";
