import type { Mutant } from "../mutant.ts";

export const OPERATORS: readonly Mutant[] = [
  {
    name: "an-open-request-is-made-twice",
    breaks: "A request that is open for a target is not made twice.",
    file: "shared/inbox/sqlite/held-desk.ts",
    find: "known.get(name) ??",
    put: "",
    test: "shared/inbox/sqlite/inbox-store.test.ts › a request that is open is not made twice, and one that is finished is",
  },
  {
    name: "a-damaged-copy-is-kept",
    breaks: "A damaged copy is refused.",
    file: "shared/operator-cli/backup/copy-database.ts",
    find: "if (answer.problems.length > 0) {",
    put: "if (answer.problems.length < 0) {",
    test: "shared/operator-cli/backup/backup.test.ts › a copy that is damaged is refused, and nothing is left of it",
  },
  {
    name: "somebody-gets-in-while-a-restore-runs",
    breaks: "Nobody gets in while a restore runs.",
    file: "shared/operator-cli/backup/hold-alone.ts",
    find: 'db.run("BEGIN EXCLUSIVE");',
    put: 'db.run("BEGIN");',
    test: "shared/operator-cli/backup/hold-alone.test.ts › nobody gets into a database that is held, and everybody does afterwards",
  },
  {
    name: "a-prune-takes-young-rows",
    breaks: `\`prune\` takes only rows that were published before the time.`,
    file: "shared/outbox/sqlite/prune-settled.ts",
    find: '"isPublished = 1 AND publishedAt < $time"',
    put: '"isPublished = 1 AND publishedAt <> $time"',
    test: "shared/outbox/sqlite/outbox-desk.test.ts › rows that were published before a time are pruned in steps, and no others",
  },
  {
    name: "a-prune-takes-rows-that-were-not-published",
    breaks: `\`prune\` takes only rows that were published.`,
    file: "shared/outbox/sqlite/prune-settled.ts",
    find: `"isPublished = 1 AND publishedAt < $time";`,
    put: `"createdAt < $time";`,
    test: "shared/outbox/sqlite/outbox-desk.test.ts › rows that were published before a time are pruned in steps, and no others",
  },
];
