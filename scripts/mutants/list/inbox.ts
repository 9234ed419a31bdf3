import type { Mutant } from "../mutant.ts";

export const INBOX: readonly Mutant[] = [
  {
    name: "an-event-is-not-remembered",
    breaks: "An event takes effect in one transaction with its inbox row.",
    file: "shared/inbox/work.ts",
    find: "if (!deps.store.recordApplied(event, record, at)) return false;",
    put: "if (deps.store.hasApplied(event)) return false;",
    test: "shared/inbox/exactly-once.test.ts › an event takes effect in one transaction with its inbox row and offset",
  },
  {
    name: "an-offset-is-not-moved",
    breaks: "An event takes effect in one transaction with its offset.",
    file: "shared/inbox/event-commits.ts",
    find: "store.advance(clusterId, record.topic, record.partition, tracker.watermark(), at);",
    put: "store.advance(clusterId, record.topic, record.partition, record.offset, at);",
    test: "shared/inbox/exactly-once.test.ts › an event takes effect in one transaction with its inbox row and offset",
  },
  {
    name: "known-events-run-again",
    breaks: "An event takes effect once, however often it is published.",
    file: "shared/inbox/process-record.ts",
    find: 'if (store.hasApplied(event)) return "KNOWN";',
    put: 'if (event.id === "") return "KNOWN";',
    test: "shared/inbox/exactly-once.test.ts › an event that was published again is neither prepared nor applied again",
  },
  {
    name: "the-watermark-passes-open-records",
    breaks: "The stored offset never passes an unfinished event.",
    file: "shared/inbox/offset-tracker.ts",
    find: 'for (const [offset, state] of records) if (state === "started") return offset;\n      return next;',
    put: 'let done = next;\n      for (const [offset, state] of records) if (state === "started") done = offset;\n      return done;',
    test: "shared/inbox/offset-tracker.test.ts › with random orders and rollbacks the watermark never passes an unfinished record",
  },
];
