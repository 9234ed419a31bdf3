import { join, resolve } from "node:path";

/** One file of the path of an order, as docs/design.md lists it. */
export interface Hop {
  file: string;
  /** What stands in it. */
  name: string;
}

const ROW = /^\| \d+ \| `([^`]+)` \| `([^`]+)` \|/gm;

/** The list in docs/design.md, in its order. */
export function readOrderPath(page: string): Hop[] {
  const section = page.split("## The path of one order")[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(ROW)].map(([, file = "", name = ""]) => ({ file, name }));
}

/** The lines of each file of a path. */
export async function countLines(root: string, hops: readonly Hop[]): Promise<number[]> {
  return Promise.all(
    hops.map(async ({ file }) => (await Bun.file(join(root, file)).text()).split("\n").length - 1),
  );
}

if (import.meta.main) {
  const root = resolve(import.meta.dir, "../..");
  const hops = readOrderPath(await Bun.file(join(root, "docs/design.md")).text());
  const lines = await countLines(root, hops);
  for (const [at, { file }] of hops.entries()) console.log(String(lines[at]).padStart(5), file);
  console.log(`${lines.reduce((sum, one) => sum + one, 0)} lines in ${hops.length} files`);
}
