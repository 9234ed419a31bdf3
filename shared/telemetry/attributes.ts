export {
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_SERVICE_NAME,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from "@opentelemetry/semantic-conventions";

// Of the conventions that are not stable yet, copied as the package advises: it changes them in
// minor versions. https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
export const ATTR_MESSAGING_SYSTEM_NAME = "messaging.system.name";
export const ATTR_MESSAGING_OPERATION_NAME = "messaging.operation.name";
export const ATTR_MESSAGING_OPERATION_TYPE = "messaging.operation.type";
export const ATTR_MESSAGING_DESTINATION_NAME = "messaging.destination.name";
export const ATTR_MESSAGING_DESTINATION_PARTITION_ID = "messaging.destination.partition.id";
export const ATTR_MESSAGING_CONSUMER_GROUP_NAME = "messaging.consumer.group.name";
export const ATTR_MESSAGING_MESSAGE_ID = "messaging.message.id";
export const ATTR_KAFKA_MESSAGE_KEY = "kafka.message.key";
export const ATTR_KAFKA_OFFSET = "kafka.offset";
export const ATTR_SERVICE_PEER_NAME = "service.peer.name";

// Ours.
export const ATTR_EVENT_TYPE = "order_outbox.event.type";
export const ATTR_ATTEMPT = "order_outbox.attempt";
export const ATTR_OUTCOME = "order_outbox.outcome";
export const ATTR_COMMIT_UNITS = "order_outbox.commit.units";
export const ATTR_COMMIT_DURATION = "order_outbox.commit.duration_ms";
