import type { Mutant } from "../mutant.ts";

export const WIRING: readonly Mutant[] = [
  {
    name: "a-commit-of-orders-wakes-nobody",
    breaks: "A commit of order-service wakes its relay.",
    file: "services/order-service/src/main.ts",
    find: `outbox.wake();
    metrics`,
    put: "metrics",
    test: "shared/testing/e2e/wiring.test.ts › commits wake their relays: orders settle one after the other with hours between two looks",
  },
  {
    name: "a-commit-of-payments-wakes-nobody",
    breaks: "A commit of payment-service wakes its relay.",
    file: "services/payment-service/src/main.ts",
    find: `outbox.wake();
    metrics`,
    put: "metrics",
    test: "shared/testing/e2e/wiring.test.ts › commits wake their relays: orders settle one after the other with hours between two looks",
  },
];
