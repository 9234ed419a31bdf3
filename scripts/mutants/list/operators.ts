import type { Mutant } from "../mutant.ts";

export const OPERATORS: readonly Mutant[] = [
  {
    name: "the-command-leaves-attempts-as-they-were",
    breaks: "A row that the command redrives has all its attempts again.",
    file: "shared/operator-cli/redrive-plan.ts",
    find: "SET parkedAt = NULL, attempts = 0",
    put: "SET parkedAt = NULL",
    test: "shared/operator-cli/redrive-plan.test.ts › rows that are redriven have all their attempts again, and those discarded meanwhile stay",
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
    file: "shared/operator-cli/prune.ts",
    find: "WHERE id > ? AND id <= ? AND isPublished = 1 AND publishedAt < ?",
    put: "WHERE id > ? AND id <= ? AND isPublished = 1 AND publishedAt <> ?",
    test: "shared/operator-cli/prune.test.ts › only rows that were published before the time are pruned, wherever they stand",
  },
  {
    name: "a-prune-takes-rows-that-were-not-published",
    breaks: `\`prune\` takes only rows that were published.`,
    file: "shared/operator-cli/prune.ts",
    find: "WHERE id > ? AND id <= ? AND isPublished = 1 AND publishedAt < ?",
    put: "WHERE id > ? AND id <= ? AND createdAt < ?",
    test: "shared/operator-cli/prune.test.ts › only rows that were published before the time are pruned, wherever they stand",
  },
];
