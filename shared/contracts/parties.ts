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
