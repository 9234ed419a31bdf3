import { EVENTS, type EventMetadata, type EventType } from "./events.ts";
import type { Topic } from "./topics.ts";

/** Who writes a topic, and who reads it. */
export interface Parties {
  /** One service: the order of a key's events is the order of one outbox. */
  writer: string;
  /** Each by a consumer group of its own name. */
  readers: readonly string[];
}

/** The parties of every topic, for the published contract. */
export const PARTIES: Readonly<Record<Topic, Parties>> = {
  order_created: {
    writer: "order-service",
    readers: ["payment-service", "notification-service"],
  },
  payment_processed: {
    writer: "payment-service",
    readers: ["order-service", "notification-service"],
  },
};

/** Where the events of a type come from: nothing else is taken for one of them. */
export interface Origin {
  topic: Topic;
  /** The `ce_source` of its writer. */
  source: string;
}

/** The origin of the events of `type`. */
export function originOf(type: EventType): Origin {
  const { topic } = EVENTS[type];
  return { topic, source: `/${PARTIES[topic].writer}` };
}

/**
 * Whether an event came from the topic and the source that its type has. Whoever may write to the
 * topic can still claim the source.
 */
export function isFromOrigin({ type, source }: EventMetadata, topic: string): boolean {
  const origin = originOf(type);
  return topic === origin.topic && source === origin.source;
}
