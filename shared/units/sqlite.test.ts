import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "@order-outbox/testing";
import type { CrashPlan } from "./crash-program.ts";
import { openToyIn } from "./test-sqlite-toy.ts";
import { describeUnits, type ToyStore } from "./test-units-contract.ts";

function tempFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "order-outbox-units-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function openToy(): Promise<ToyStore> {
  const folder = tempFolder();
  const toy = openToyIn(folder.path);
  return {
    ...toy,
    async [Symbol.asyncDispose]() {
      await toy[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

describeUnits("SQLite", openToy);

test.each([
  ["before-commit", 1],
  ["before-commit", 4],
  ["after-commit", 1],
  ["after-commit", 4],
] as const)(
  "killed %s number %i, each unit is there as a whole or not at all, and what was answered is there",
  async (step, number) => {
    using folder = tempFolder();
    const plan: CrashPlan = { folder: folder.path, step, number };
    await using child = startProcess(
      [process.execPath, join(import.meta.dir, "crash-program.ts"), JSON.stringify(plan)],
      { stdin: "pipe" },
    );
    expect(await child.exited).toBe(128 + 9);
    await using toy = openToyIn(folder.path);
    const { items, log, reached, names } = await toy.state();
    const stored = items.map(([id]) => id).toSorted();
    expect(log.toSorted()).toEqual(stored);
    expect(stored.length % 10).toBe(0);
    const answered = child.lines.flatMap((line) => line.split(" ")[1] ?? []);
    expect(answered.filter((id) => !stored.includes(id))).toEqual([]);
    const commits = step === "before-commit" ? number - 1 : number;
    expect(stored).toHaveLength(commits * 10);
    expect(reached).toEqual(commits === 0 ? [] : [["units", commits * 10]]);
    expect(names).toEqual(commits === 0 ? [] : [["first", "unit-01"]]);
  },
);
