import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";
import type { Mutant } from "./mutant.ts";
import type { Place } from "./place.ts";
import type { TreeCopy } from "./tree-copy.ts";

const TSC = join(REPOSITORY, "node_modules/.bin/tsc");

/** A mutant, and where its text stands. */
export interface Located {
  mutant: Mutant;
  place: Place;
}

/**
 * What the compiler says of trees that have the mutants, by their names: a program that does not
 * even start is noticed by every test, which proves nothing. Mutants of different files share a look.
 */
export async function findTypeErrors(
  tree: TreeCopy,
  located: readonly Located[],
): Promise<Map<string, string>> {
  const errors = new Map<string, string>();
  for (const looks of shareLooks(located)) {
    using _applied = tree.apply(looks);
    const lines = await compile(tree.root);
    for (const { mutant, place } of looks) {
      const line = lines.find((one) => one.startsWith(`${place.file}(`));
      if (line !== undefined) errors.set(mutant.name, line);
    }
    const elsewhere = lines.find(
      (line) => !looks.some(({ place }) => line.startsWith(`${place.file}(`)),
    );
    if (elsewhere !== undefined) {
      throw new Error(
        `a mutant of ${looks.map(({ mutant }) => mutant.name).join(", ")}: ${elsewhere}`,
      );
    }
  }
  return errors;
}

/** Groups in which every file has one mutant at most. */
export function shareLooks(located: readonly Located[]): Located[][] {
  const looks: Located[][] = [];
  for (const one of located) {
    const free = looks.find((look) => !look.some(({ place }) => place.file === one.place.file));
    if (free === undefined) looks.push([one]);
    else free.push(one);
  }
  return looks;
}

async function compile(root: string): Promise<string[]> {
  const flags = ["--noUnusedLocals", "false", "--noUnusedParameters", "false"];
  const { stdout } = await Bun.$`${TSC} --noEmit --pretty false ${flags}`
    .cwd(root)
    .quiet()
    .nothrow();
  return stdout
    .toString()
    .split("\n")
    .filter((line) => /\): error TS/.test(line));
}
