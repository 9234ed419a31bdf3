import type { Mutant } from "../mutant.ts";

const COMMAND =
  "scripts/outbox/verify/window.test.ts › the command fails by what it found, and otherwise by what it could not check";

/** Of how `verify` looks, and what it says of that. */
export const VERIFY_LOOKS: readonly Mutant[] = [
  {
    name: "verify-takes-the-unread-for-lost",
    breaks: "What a consumer has not read yet is stuck, not lost.",
    file: "scripts/outbox/verify/explain.ts",
    find: "(nextOffset.get(clusterId, topic, partition)?.nextOffset ?? 0),",
    put: "(nextOffset.get(clusterId, topic, partition)?.nextOffset ?? 1e9),",
    test: "scripts/outbox/verify/verify-system.test.ts › what a consumer has not read yet is stuck, not lost",
  },
  {
    name: "verify-reports-discarded-events",
    breaks: "Verify does not report an event that an operator discarded.",
    file: "scripts/outbox/verify/explain.ts",
    find: "if (discarded.get(eventId) !== null) return undefined;",
    put: "",
    test: "scripts/outbox/verify/verify-system.test.ts › a held event and one that an operator discarded are told apart",
  },
  {
    name: "verify-takes-held-events-for-lost",
    breaks: "An event that is held is stuck, not lost.",
    file: "scripts/outbox/verify/explain.ts",
    find: "if (heldRow !== null) return heldFinding(consumer, heldRow);",
    put: "",
    test: "scripts/outbox/verify/verify-system.test.ts › a held event and one that an operator discarded are told apart",
  },
  {
    name: "verify-takes-the-first-look-for-final",
    breaks: "What passes until the second look is no finding.",
    file: "scripts/outbox/verify/report.ts",
    find: "return second.filter((finding) => names.has(identityOf(finding)));",
    put: "return names.size > 0 ? [...first] : [...second];",
    test: "scripts/outbox/verify/verify-system.test.ts › what passes until the second look is no finding",
  },
  {
    name: "verify-judges-young-orders",
    breaks: "Orders younger than the time to settle are judged only at their end.",
    file: "scripts/outbox/verify/verify-system.ts",
    find: "const cutoff = new Date(startedAt - settleMs).toISOString();",
    put: "const cutoff = new Date(startedAt - settleMs * 0).toISOString();",
    test: "scripts/outbox/verify/verify-system.test.ts › orders younger than the time to settle are judged when they have come to their end",
  },
  {
    name: "verify-does-not-say-that-topics-were-left-out",
    breaks: "Verify says that it could not read the topics.",
    file: "scripts/outbox/verify/verify-system.ts",
    find: `leftOut.push(\`\${what}: \${describeBrokerError(error)}\`);`,
    put: "describeBrokerError(error);",
    test: "scripts/outbox/verify/verify-system.test.ts › what cannot be checked is said, and the rest is checked",
  },
  {
    name: "verify-forgets-the-topics-at-the-second-look",
    breaks: "What was found stays found when the topics cannot be read again.",
    file: "scripts/outbox/verify/verify-system.ts",
    find: "has.topics = again;",
    put: `has.topics = again && leftOut.length === 0;
        if (again) throw error;`,
    test: "scripts/outbox/verify/window.test.ts › topics that cannot be read at the second look are said, and findings stay",
  },
  {
    name: "verify-does-not-say-that-a-ledger-is-missing",
    breaks: "Verify says that a ledger is missing.",
    file: "scripts/outbox/verify/verify-system.ts",
    find: `leftOut.push(\`\${what}: there is no \${path}\`);`,
    put: "",
    test: "scripts/outbox/verify/window.test.ts › a ledger is looked for where it is said to be, and left out only when that is asked",
  },
  {
    name: "verify-looks-for-ledgers-beside-the-databases-alone",
    breaks: "Verify looks for a ledger where it is said to be.",
    file: "scripts/outbox/verify/verify-system.ts",
    find: "const path = given ?? besideDatabase(",
    put: "const path = besideDatabase(",
    test: "scripts/outbox/verify/window.test.ts › a ledger is looked for where it is said to be, and left out only when that is asked",
  },
  {
    name: "verify-passes-what-it-could-not-check",
    breaks: "The command fails when something could not be checked.",
    file: "scripts/outbox/verify.ts",
    find: "return report.leftOut.length > 0 ? EXIT.unable : EXIT.done;",
    put: "return report.leftOut.length > 99 ? EXIT.unable : EXIT.done;",
    test: COMMAND,
  },
  {
    name: "verify-passes-with-findings",
    breaks: "The command fails when something was found.",
    file: "scripts/outbox/verify.ts",
    find: "if (report.findings.length > 0) return EXIT.findings;",
    put: "if (report.findings.length > 99) return EXIT.findings;",
    test: COMMAND,
  },
  {
    name: "verify-takes-pruned-notifications-for-lost",
    breaks: "Verify does not report notifications that were pruned.",
    file: "scripts/outbox/verify/read-notifications.ts",
    find: "return pruned !== null && pruned.total > 0 ? addPruned(facts) : 0;",
    put: "return pruned !== null && pruned.total > 1e9 ? addPruned(facts) : 0;",
    test: "scripts/outbox/verify/verify-system.test.ts › the notifications of an order may be gone when they were pruned and its messages were sent",
  },
  {
    name: "verify-takes-unsent-messages-for-pruned",
    breaks: "Notifications were pruned only when the channels have sent them.",
    file: "scripts/outbox/verify/read-notifications.ts",
    find: `WHERE s.orderId = p.orderId AND s.EMAIL >= 2 AND s.SMS >= 2 AND s.PUSH >= 2))\``,
    put: `WHERE s.orderId = p.orderId))\``,
    test: "scripts/outbox/verify/verify-system.test.ts › the notifications of an order may be gone when they were pruned and its messages were sent",
  },
];
