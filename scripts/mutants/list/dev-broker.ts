import type { Mutant } from "../mutant.ts";

export const DEV_BROKER: readonly Mutant[] = [
  {
    name: "sequences-stay-when-a-write-fails",
    breaks: "A producer's sequences are taken back when a write fails.",
    file: "shared/dev-broker/log/partition-log.ts",
    find: `this.#logEnd = offset;
        this.#setProducer(producerId, state);`,
    put: "this.#logEnd = offset;",
    test: "shared/dev-broker/log/partition-log.test.ts › a batch whose transaction failed is written when it comes again, not taken for a repetition",
  },
];
