/** The topics that the services write and read. */
export const TOPICS = {
  orderCreated: "order_created",
  paymentProcessed: "payment_processed",
} as const;

/** The name of one of {@link TOPICS}. */
export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

/** How many partitions a topic gets when a service creates it. */
export const DEFAULT_PARTITIONS = 6;
