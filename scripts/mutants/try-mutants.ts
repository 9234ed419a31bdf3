import { join } from "node:path";
import { splitTest } from "./mutant.ts";
import { runTests } from "./run-test.ts";
import { copyTree, type TreeCopy } from "./tree-copy.ts";
import { findTypeErrors, type Located } from "./type-check.ts";
import { judgeRun, PASSED, said, type Verdict } from "./verdict.ts";

const FILES_PER_LINE = 10;

/** What one mutant came to. */
export interface Tried {
  name: string;
  breaks: string;
  test: string;
  verdict: Verdict;
  seconds: number;
}

export interface Trial {
  /** The tree whose code is tried. */
  from: string;
  /** Where its copies go. */
  folder: string;
  jobs: number;
  signal: AbortSignal;
  say(text: string): void;
  onTried(tried: Tried): void;
}

/**
 * Tries mutants in copies of the tree: each has to compile, its test has to pass without it, and to
 * fail with it.
 */
export async function tryMutants(located: readonly Located[], trial: Trial): Promise<Tried[]> {
  const { from, folder, jobs, signal, say, onTried } = trial;
  const trees = await Promise.all(
    Array.from({ length: jobs }, (_, job) => copyTree(from, join(folder, String(job)))),
  );
  const [first] = trees;
  if (first === undefined) return [];
  say("compiling");
  const typeErrors = await findTypeErrors(first, located);
  say("running their tests without any change");
  const beforehand = await findUselessTests(located, trees, trial);

  const tried: Tried[] = [];
  await share(located, trees, signal, async ({ mutant, place }, tree) => {
    const { name, breaks, test } = mutant;
    const started = performance.now();
    const error = typeErrors.get(name);
    let verdict: Verdict | undefined =
      error === undefined ? beforehand.get(test) : { kind: "survived", why: error };
    if (verdict === undefined) {
      using _applied = tree.apply([{ mutant, place }]);
      const { file, name } = splitTest(test);
      verdict = judgeRun(name, await runTests(tree.root, file, [name], signal));
    }
    if (signal.aborted) return;
    const result = { name, breaks, test, verdict, seconds: (performance.now() - started) / 1000 };
    tried.push(result);
    onTried(result);
  });
  return tried;
}

/** Tests that fail without any change, or do not run here: what that makes of their mutants. */
async function findUselessTests(
  located: readonly Located[],
  trees: readonly TreeCopy[],
  { signal, say }: Trial,
): Promise<Map<string, Verdict>> {
  const useless = new Map<string, Verdict>();
  const tests = [...new Set(located.map(({ mutant }) => mutant.test))];
  const files = [...Map.groupBy(tests, (test) => splitTest(test).file)];
  let done = 0;
  await share(files, trees, signal, async ([file, ofFile], tree) => {
    const names = ofFile.map((test) => splitTest(test).name);
    const results = await runTests(tree.root, file, names, signal);
    done += 1;
    if (done % FILES_PER_LINE === 0) say(`${done} of ${files.length} files`);
    for (const test of ofFile) {
      const verdict = judgeRun(splitTest(test).name, results);
      if (verdict.kind === "survived" && verdict.why === PASSED) continue;
      if (verdict.kind === "untried") useless.set(test, verdict);
      else
        useless.set(test, {
          kind: "survived",
          why: `its test fails without it, too: ${said(verdict)}`,
        });
    }
  });
  return useless;
}

/** Works on all items, in each tree on one at a time. */
async function share<Item>(
  items: readonly Item[],
  trees: readonly TreeCopy[],
  signal: AbortSignal,
  work: (item: Item, tree: TreeCopy) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    trees.map(async (tree) => {
      for (const item of left) {
        if (signal.aborted) return;
        await work(item, tree);
      }
    }),
  );
}
