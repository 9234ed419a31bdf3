import { SpanKind } from "@opentelemetry/api";
import type { Delivery, FollowEvent } from "@order-outbox/inbox";
import {
  ATTR_ATTEMPT,
  ATTR_KAFKA_OFFSET,
  ATTR_MESSAGING_CONSUMER_GROUP_NAME,
  ATTR_OUTCOME,
} from "./attributes.ts";
import { messageAttributes } from "./messaging.ts";
import { childOf, linkTo, type SpanStarter, traceparentOf } from "./span-context.ts";
import { noteError } from "./span-errors.ts";

/** An event that is older when it is worked on begins a trace of its own. */
const PROMPT_MS = 60_000;

/**
 * Whether work on an event continues the trace of its cause. What comes late or again would stretch
 * that trace, which has long been looked at, over hours: it begins one that is linked to it.
 *
 * @param now milliseconds since the epoch
 */
export function continuesTrace({ event, repeated }: Delivery, now: number): boolean {
  return !repeated && now - Date.parse(event.time) <= PROMPT_MS;
}

/** Consumer spans for the work on events, from the first call to the outside world to the commit. */
export function traceConsumed(
  tracer: SpanStarter,
  groupId: string,
  now: () => number,
): FollowEvent {
  return (delivery) => {
    const { event, record, attempt } = delivery;
    const { topic, partition, offset } = record;
    const { id: eventId, type: eventType, subject: key, traceparent: cause } = event;
    const continues = continuesTrace(delivery, now());
    const span = tracer.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        links: cause === undefined || continues ? [] : [linkTo(cause)],
        attributes: {
          ...messageAttributes("process", { topic, partition, key, eventId, eventType }),
          [ATTR_MESSAGING_CONSUMER_GROUP_NAME]: groupId,
          [ATTR_KAFKA_OFFSET]: offset,
          [ATTR_ATTEMPT]: attempt,
        },
      },
      childOf(continues ? cause : undefined),
    );
    return {
      traceparent: traceparentOf(span),
      end(outcome, error) {
        span.setAttribute(ATTR_OUTCOME, outcome);
        if (error !== undefined) noteError(span, error);
        span.end();
      },
    };
  };
}
