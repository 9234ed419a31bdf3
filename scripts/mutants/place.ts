import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Mutant } from "./mutant.ts";

/** The text of production files by their paths. */
export type Sources = ReadonlyMap<string, string>;

/** Where a mutant's text stands now. */
export interface Place {
  file: string;
  start: number;
  end: number;
}

const NOT_PRODUCTION =
  /\.test\.ts$|-program\.ts$|\/test-[^/]*\.ts$|^(services|shared)\/[^/]*\/bench\/|^scripts\/(check|mutants)\//;

/** Every production file of the repository; the judges in `shared/testing` count as such. */
export function readSources(root: string): Sources {
  const paths = [...new Bun.Glob("{services,shared,scripts}/**/*.ts").scanSync({ cwd: root })]
    .filter((path) => !path.includes("node_modules/") && !NOT_PRODUCTION.test(path))
    .toSorted();
  return new Map(paths.map((path) => [path, readFileSync(resolve(root, path), "utf8")]));
}

/**
 * Finds a mutant's text: in its file, or else in the one file that has it, so that code may move.
 *
 * @returns what is wrong when the text is nowhere, or not unique
 */
export function findPlace({ file, find }: Mutant, sources: Sources): Place | string {
  const here = placesIn(file, sources.get(file) ?? "", find);
  const places =
    here.length > 0 ? here : [...sources].flatMap(([path, text]) => placesIn(path, text, find));
  const [place] = places;
  if (place === undefined) return "its text is in no production file";
  if (places.length > 1)
    return `its text is not unique: ${[...new Set(places.map((one) => one.file))].join(", ")}`;
  return place;
}

/** The text of a file with the mutant in its place. */
export function mutate(text: string, { start, end }: Place, { put }: Mutant): string {
  return text.slice(0, start) + put + text.slice(end);
}

function placesIn(file: string, text: string, find: string): Place[] {
  const pattern = find
    .trim()
    .split(/\s+/)
    .map((word) => RegExp.escape(word))
    .join("\\s+");
  return [...text.matchAll(new RegExp(pattern, "g"))].map(({ index, 0: match }) => ({
    file,
    start: index,
    end: index + match.length,
  }));
}
