import { createRandom } from "@order-outbox/tool-kit";
import { splitTest } from "./mutant.ts";
import type { MutantOptions } from "./options.ts";
import type { Located } from "./type-check.ts";

/**
 * The mutants that are asked for, in the order of the list.
 *
 * @param changed paths that changed since the commit of `--changed`
 */
export function chooseMutants(
  all: readonly Located[],
  { only, changed: since, oneOf, seed }: MutantOptions,
  changed: ReadonlySet<string>,
): Located[] {
  const asked = all.filter(
    ({ mutant, place }) =>
      (only.length === 0 || only.includes(mutant.name)) &&
      (since === undefined || changed.has(place.file) || changed.has(splitTest(mutant.test).file)),
  );
  if (oneOf === 1) return asked;
  const taken = createRandom(seed, "mutants")
    .shuffle(asked)
    .slice(0, Math.ceil(asked.length / oneOf));
  return asked.filter((one) => taken.includes(one));
}

/** Paths that differ from a commit, in the index or beside it. */
export async function changedSince(root: string, commit: string): Promise<Set<string>> {
  const known = await Bun.$`git diff --name-only ${commit}`.cwd(root).text();
  const fresh = await Bun.$`git ls-files --others --exclude-standard`.cwd(root).text();
  return new Set(`${known}\n${fresh}`.split("\n").filter(Boolean));
}
