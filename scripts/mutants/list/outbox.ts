import type { Mutant } from "../mutant.ts";

export const OUTBOX: readonly Mutant[] = [
  {
    name: "rows-are-read-backwards",
    breaks: "Rows are published in the order of their ids.",
    file: "shared/outbox/store.ts",
    find: "ORDER BY id LIMIT ?`,\n  );\n}",
    put: "ORDER BY id DESC LIMIT ?`,\n  );\n}",
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
  {
    name: "refused-rows-count-as-written",
    breaks: "Only what the broker has acknowledged is marked.",
    file: "shared/outbox/relay.ts",
    find: "round.parts.filter((_, index) => outcomes[index]?.error === undefined)",
    put: "round.parts.filter((_, index) => outcomes.length > index)",
    test: "shared/outbox/relay-model.test.ts › whatever happens to it, a relay publishes every row in order and marks only what is written",
  },
  {
    name: "unmarked-rows-are-forgotten",
    breaks: "Rows that are acknowledged and cannot be marked are marked later.",
    file: "shared/outbox/relay.ts",
    find: "const marked = store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());\n    unmarked = [];",
    put: "unmarked = [];\n    const marked = store.markPublished(ids, new Date(now()).toISOString(), lease?.fencing());",
    test: "shared/outbox/relay-refusal.test.ts › rows that are acknowledged but cannot be marked are marked later, not sent again",
  },
  {
    name: "a-parked-row-holds-no-key",
    breaks: "The later rows of a parked row's key wait.",
    file: "shared/outbox/store.ts",
    find: "AND parked.partitionKey = row.partitionKey AND parked.id < row.id)",
    put: "AND parked.partitionKey = row.partitionKey AND parked.id > row.id)",
    test: "shared/outbox/relay-refusal.test.ts › a record that the broker refuses is parked, its key waits, and all others are published once",
  },
  {
    name: "a-parked-row-holds-its-topic",
    breaks: "A parked row holds back its own key and nothing else.",
    file: "shared/outbox/store.ts",
    find: "AND parked.partitionKey = row.partitionKey AND parked.id < row.id)",
    put: "AND parked.partitionKey IS NOT NULL AND parked.id < row.id)",
    test: "shared/outbox/relay-refusal.test.ts › a record that the broker refuses is parked, its key waits, and all others are published once",
  },
  {
    name: "a-living-owner-loses-its-lease",
    breaks: "No two workers hold the lease at once.",
    file: "shared/outbox/lease.ts",
    find: "return row.pid === own.pid || !isAlive(row.pid);",
    put: "return row.pid === own.pid || isAlive(row.pid);",
    test: "shared/outbox/lease.test.ts › with random times, deaths and returns no two workers hold the lease at once",
  },
];
