import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { mutate, type Place } from "./place.ts";

/** A copy of the repository that mutants may change. */
export interface TreeCopy {
  readonly root: string;
  /** Puts mutants into their places, at most one in a file; disposal takes them out again. */
  apply(changes: readonly { mutant: Mutant; place: Place }[]): Disposable;
}

/** Copies what git knows or could know of a tree, and links its packages to each other anew. */
export async function copyTree(from: string, root: string): Promise<TreeCopy> {
  const listed = await Bun.$`git ls-files -z --cached --others --exclude-standard`.cwd(from).text();
  for (const path of listed.split("\0").filter(Boolean)) {
    const source = join(from, path);
    if (!(await Bun.file(source).exists())) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(source, join(root, path));
  }
  await Bun.$`bun install --frozen-lockfile`.cwd(root).quiet();
  return {
    root,
    apply(changes) {
      const before = changes.map(({ mutant, place }) => {
        const path = join(root, place.file);
        const text = readFileSync(path, "utf8");
        writeFileSync(path, mutate(text, place, mutant));
        return { path, text };
      });
      return {
        [Symbol.dispose]() {
          for (const { path, text } of before) writeFileSync(path, text);
        },
      };
    },
  };
}
