import type { Mutant } from "../mutant.ts";

export const OPERATORS: readonly Mutant[] = [
  {
    name: "the-command-leaves-attempts-as-they-were",
    breaks: "A row that the command redrives has all its attempts again.",
    file: "scripts/outbox/redrive-plan.ts",
    find: "SET parkedAt = NULL, attempts = 0",
    put: "SET parkedAt = NULL",
    test: "scripts/outbox/redrive-plan.test.ts › rows that are redriven have all their attempts again, and those discarded meanwhile stay",
  },
];
