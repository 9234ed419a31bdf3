import { SpanKind } from "@opentelemetry/api";
import type { OutboxObserver } from "@order-outbox/outbox";
import {
  ATTR_EVENT_TYPE,
  ATTR_KAFKA_MESSAGE_KEY,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_MESSAGE_ID,
} from "./attributes.ts";
import { messageAttributes } from "./messaging.ts";
import { childOf, type SpanStarter } from "./span-context.ts";

/**
 * Two spans for each row that belongs to a trace: how long it lay in the outbox, and its
 * publication. One for a whole batch could be in one trace only, and holds no more than 128 links
 * by default; this way the trace of an order has its own publication.
 */
export function tracePublished(tracer: SpanStarter): OutboxObserver["published"] {
  return ({ topic, partition, rows, sentAt, acknowledgedAt }) => {
    for (const { eventId, eventType, partitionKey: key, createdAt, traceparent } of rows) {
      if (traceparent === null) continue;
      const cause = childOf(traceparent);
      tracer
        .startSpan(
          "outbox dwell",
          {
            kind: SpanKind.INTERNAL,
            startTime: Date.parse(createdAt),
            attributes: {
              [ATTR_MESSAGING_DESTINATION_NAME]: topic,
              [ATTR_MESSAGING_MESSAGE_ID]: eventId,
              [ATTR_KAFKA_MESSAGE_KEY]: key,
              [ATTR_EVENT_TYPE]: eventType,
            },
          },
          cause,
        )
        .end(sentAt);
      tracer
        .startSpan(
          `send ${topic}`,
          {
            kind: SpanKind.PRODUCER,
            startTime: sentAt,
            attributes: messageAttributes("send", { topic, partition, key, eventId, eventType }),
          },
          cause,
        )
        .end(acknowledgedAt);
    }
  };
}
