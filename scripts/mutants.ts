import { chmodSync, rmSync } from "node:fs";
import { REPOSITORY, tempDir } from "@order-outbox/testing";
import { abortOnSignals, cleanUpWith, INTERRUPTED } from "@order-outbox/tool-kit";
import { changedSince, chooseMutants } from "./mutants/choose.ts";
import { MUTANTS } from "./mutants/list.ts";
import { readOptions, USAGE } from "./mutants/options.ts";
import { findPlace, readSources } from "./mutants/place.ts";
import { type Tried, tryMutants } from "./mutants/try-mutants.ts";
import type { Located } from "./mutants/type-check.ts";
import { said } from "./mutants/verdict.ts";

const MISUSED = 2;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args, Math.floor(Math.random() * 1_000_000));
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const known = new Set(MUTANTS.map(({ name }) => name));
  const problem =
    typeof options === "string"
      ? options
      : options.only
          .filter((name) => !known.has(name))
          .map((name) => `no mutant is called ${name}`)[0];
  if (typeof options === "string" || problem !== undefined) {
    console.error(`${problem}\n(--help shows the options)`);
    return MISUSED;
  }

  const { located, lost } = locateAll();
  for (const text of lost) console.error(text);
  const { changed: since, oneOf, seed, jobs } = options;
  const changed = since === undefined ? new Set<string>() : await changedSince(REPOSITORY, since);
  const chosen = chooseMutants(located, options, changed);
  const sample = oneOf === 1 ? "" : `, seed ${seed}`;
  console.log(`${chosen.length} of ${MUTANTS.length} mutants, ${jobs} at a time${sample}`);

  const signal = abortOnSignals();
  const folder = tempDir().path;
  // Some tests run services as another user.
  chmodSync(folder, 0o755);
  await using _cleanup = cleanUpWith(["rm", "-rf", folder]);
  let done = 0;
  const tried = await tryMutants(chosen, {
    from: REPOSITORY,
    folder,
    jobs,
    signal,
    say: console.log,
    onTried(one) {
      done += 1;
      console.log(describe(one, `${done}/${chosen.length}`));
    },
  });
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  if (signal.aborted) {
    console.log("stopped");
    return INTERRUPTED;
  }
  const count = (kind: string) => tried.filter(({ verdict }) => verdict.kind === kind).length;
  const sum = `${count("noticed")} noticed, ${count("survived")} survived, ${count("untried")} untried`;
  console.log(`${sum}, ${lost.length} without their place${sample}`);
  return count("survived") + lost.length === 0 ? 0 : 1;
}

/** Where every mutant's text stands; of a mutant without a place, what is wrong. */
function locateAll(): { located: Located[]; lost: string[] } {
  const sources = readSources(REPOSITORY);
  const located: Located[] = [];
  const lost: string[] = [];
  for (const mutant of MUTANTS) {
    const place = findPlace(mutant, sources);
    if (typeof place === "string") lost.push(`LOST     ${mutant.name}: ${place}`);
    else located.push({ mutant, place });
  }
  return { located, lost };
}

const LABELS = { noticed: "noticed ", survived: "SURVIVES", untried: "untried " };

function describe({ name, breaks, test, verdict, seconds }: Tried, count: string): string {
  const line = `${count} ${LABELS[verdict.kind]} ${name} (${seconds.toFixed(1)} s): ${said(verdict)}`;
  return verdict.kind === "survived" ? `${line}\n  breaks: ${breaks}\n  test: ${test}` : line;
}

process.exit(await main(process.argv.slice(2)));
