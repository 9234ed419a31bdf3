import type { Attributes } from "@opentelemetry/api";
import {
  ATTR_EVENT_TYPE,
  ATTR_KAFKA_MESSAGE_KEY,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_DESTINATION_PARTITION_ID,
  ATTR_MESSAGING_MESSAGE_ID,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM_NAME,
} from "./attributes.ts";

/** One event in a partition. */
export interface Message {
  topic: string;
  partition: number;
  key: string;
  eventId: string;
  eventType: string;
}

/** What the conventions for messaging, and those for Kafka, want of a span about one message. */
export function messageAttributes(
  operation: "send" | "process",
  { topic, partition, key, eventId, eventType }: Message,
): Attributes {
  return {
    [ATTR_MESSAGING_SYSTEM_NAME]: "kafka",
    [ATTR_MESSAGING_OPERATION_NAME]: operation,
    [ATTR_MESSAGING_OPERATION_TYPE]: operation,
    [ATTR_MESSAGING_DESTINATION_NAME]: topic,
    [ATTR_MESSAGING_DESTINATION_PARTITION_ID]: String(partition),
    [ATTR_MESSAGING_MESSAGE_ID]: eventId,
    [ATTR_KAFKA_MESSAGE_KEY]: key,
    [ATTR_EVENT_TYPE]: eventType,
  };
}
