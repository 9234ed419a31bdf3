import type { Mutant } from "../mutant.ts";

export const WIRING: readonly Mutant[] = [
  {
    name: "a-commit-of-orders-wakes-nobody",
    breaks: "A commit of order-service wakes its relay.",
    file: "services/order-service/src/main.ts",
    find: `outbox.wake();
    metrics`,
    put: "metrics",
    test: "shared/system/e2e/wiring.test.ts › commits wake their relays: orders settle one after the other with hours between two looks",
  },
  {
    name: "a-commit-of-payments-wakes-nobody",
    breaks: "A commit of payment-service wakes its relay.",
    file: "services/payment-service/src/main.ts",
    find: `outbox.wake();
    metrics`,
    put: "metrics",
    test: "shared/system/e2e/wiring.test.ts › commits wake their relays: orders settle one after the other with hours between two looks",
  },
  {
    name: "keys-are-kept-for-minutes",
    breaks: "A key is remembered for IDEMPOTENCY_RETENTION_HOURS.",
    file: "services/order-service/src/main.ts",
    find: "config.IDEMPOTENCY_RETENTION_HOURS * 3_600_000",
    put: "config.IDEMPOTENCY_RETENTION_HOURS * 60_000",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "keys-are-kept-for-a-day",
    breaks: "A key is remembered for IDEMPOTENCY_RETENTION_HOURS.",
    file: "services/order-service/src/main.ts",
    find: "config.IDEMPOTENCY_RETENTION_HOURS * 3_600_000",
    put: "24 * 3_600_000",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "attempts-are-always-ten",
    breaks: "RETRY_ATTEMPTS says how often a message is tried.",
    file: "services/notification-service/src/main.ts",
    find: "attempts: config.RETRY_ATTEMPTS,",
    put: "attempts: 10,",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "published-orders-stay-for-ever",
    breaks: "OUTBOX_RETENTION says how long order-service keeps published rows.",
    file: "services/order-service/src/main.ts",
    find: "keepMs: parseDuration(config.OUTBOX_RETENTION),",
    put: "keepMs: undefined,",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "published-payments-stay-for-ever",
    breaks: "OUTBOX_RETENTION says how long payment-service keeps published rows.",
    file: "services/payment-service/src/main.ts",
    find: "keepMs: parseDuration(config.OUTBOX_RETENTION),",
    put: "keepMs: undefined,",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "an-inbox-asks-one-topic-of-two",
    breaks: "The inbox of notification-service outlives both of its topics.",
    file: "services/notification-service/src/main.ts",
    find: "topics: Object.values(TOPICS),",
    put: "topics: [TOPICS.orderCreated],",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
];
