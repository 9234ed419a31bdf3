import type { Mutant } from "../mutant.ts";

export const WIRING: readonly Mutant[] = [
  {
    name: "a-commit-wakes-nobody",
    breaks: "A commit of a service wakes its relay.",
    file: "shared/service/run-service.ts",
    find: `worker?.wake();
        metrics`,
    put: "metrics",
    test: "shared/system/e2e/wiring.test.ts › commits wake their relays: orders settle one after the other with hours between two looks",
  },
  {
    name: "keys-are-kept-for-minutes",
    breaks: "A key is remembered for IDEMPOTENCY_RETENTION_HOURS.",
    file: "services/order-service/src/config.ts",
    find: "config.IDEMPOTENCY_RETENTION_HOURS * 3_600_000",
    put: "config.IDEMPOTENCY_RETENTION_HOURS * 60_000",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "keys-are-kept-for-a-day",
    breaks: "A key is remembered for IDEMPOTENCY_RETENTION_HOURS.",
    file: "services/order-service/src/config.ts",
    find: "config.IDEMPOTENCY_RETENTION_HOURS * 3_600_000",
    put: "24 * 3_600_000 + 0 * config.PORT",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "attempts-are-always-ten",
    breaks: "RETRY_ATTEMPTS says how often a message is tried.",
    file: "shared/service/start-consuming.ts",
    find: "attempts: config.RETRY_ATTEMPTS,",
    put: "attempts: 10,",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "published-rows-stay-for-ever",
    breaks: "OUTBOX_RETENTION says how long a service keeps published rows.",
    file: "shared/service/start-pruning.ts",
    find: "keepMs: parseDuration(config.OUTBOX_RETENTION),",
    put: "keepMs: undefined,",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "an-inbox-asks-one-topic-of-two",
    breaks: "The inbox of notification-service outlives both of its topics.",
    file: "shared/service/run-service.ts",
    find: "topics: Object.keys(consumed),",
    put: "topics: Object.keys(consumed).slice(0, 1),",
    test: "shared/system/e2e/wiring.test.ts › settings reach what they are for: keys, attempts, and what is kept how long",
  },
  {
    name: "a-package-leaves-its-changes-at-home",
    breaks: "The packed engine brings kafkajs as it is changed.",
    file: "scripts/pack/pack-engine.ts",
    find: `exports: { ".": { types: "./types/mod.d.ts", default: "./mod.ts" } },`,
    put: `bundleDependencies: [],
    exports: { ".": { types: "./types/mod.d.ts", default: "./mod.ts" } },`,
    test: "scripts/pack/pack.test.ts › publishes and consumes … events exactly once (installed with …)",
  },
];
