import { parseArgs } from "node:util";

/** What a run is asked for. */
export interface MutantOptions {
  /** Names of mutants; none: all. */
  only: readonly string[];
  /** Only those of files that changed since this commit. */
  changed: string | undefined;
  /** One of so many, at random; 1 takes all. */
  oneOf: number;
  seed: number;
  /** How many copies of the tree are worked in at once. */
  jobs: number;
}

export const USAGE = `Usage: bun run mutants [options]

Breaks the code on purpose, one small change at a time in a copy of the tree, and runs the test that
has to notice it. Exits with 1 when a mutant survives. The list is in scripts/mutants/list.

  --only NAME      this mutant; may be given several times
  --changed REF    those whose code or test changed since REF
  --sample 1/N     one of N, chosen at random
  --seed N         which of them (default: another one each time)
  --jobs N         how many are tried at once (default 2)
  --help           show this
`;

/** The options in `args`, or what is wrong with them; undefined asks for help. */
export function readOptions(
  args: readonly string[],
  seed: number,
): MutantOptions | string | undefined {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return undefined;
  const [, oneOf = "0"] = /^1\/(\d+)$/.exec(values.sample) ?? [];
  if (Number(oneOf) < 1) return "--sample is 1/N";
  const asked = values.seed === undefined ? seed : Number(values.seed);
  if (!Number.isSafeInteger(asked)) return "--seed is a whole number";
  const jobs = Number(values.jobs);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64))
    return "--jobs is a whole number from 1 to 64";
  return {
    only: values.only,
    changed: values.changed,
    oneOf: Number(oneOf),
    seed: asked,
    jobs,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      changed: { type: "string" },
      sample: { type: "string", default: "1/1" },
      seed: { type: "string" },
      jobs: { type: "string", default: "2" },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}
