import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BenchBroker } from "./broker.ts";
import { e2e } from "./e2e.ts";
import { type PartResult, recordInto } from "./figures.ts";
import { growth } from "./growth.ts";
import { idle } from "./idle.ts";
import { intake } from "./intake.ts";
import { latency } from "./latency.ts";
import type { BenchOptions } from "./options.ts";
import type { BenchContext, Part } from "./part.ts";
import { createProgress } from "./progress.ts";
import { relay } from "./relay.ts";
import { showPart } from "./report.ts";
import { start } from "./start.ts";

/** Every part, in the order in which they are measured. */
const ALL: readonly Part[] = [intake, relay, latency, e2e, idle, start, growth];

/** What the parts share. */
export interface Surroundings {
  options: BenchOptions;
  broker: BenchBroker;
  folder: string;
  signal: AbortSignal;
}

/**
 * Measures the parts that were asked for, one after the other, and shows each on the terminal. One
 * that fails keeps what it has measured, and the others go on.
 *
 * @throws what `signal` was aborted with
 */
export async function runParts(surroundings: Surroundings): Promise<PartResult[]> {
  const results: PartResult[] = [];
  for (const part of ALL.filter(({ name }) => surroundings.options.parts.includes(name))) {
    results.push(await runPart(part, surroundings));
  }
  return results;
}

async function runPart(part: Part, surroundings: Surroundings): Promise<PartResult> {
  const { options, broker, folder, signal } = surroundings;
  const { name, title, limits } = part;
  const result: PartResult = { part: name, title, limits, figures: [], notes: [], seconds: 0 };
  const progress = createProgress();
  const own = join(folder, name);
  mkdirSync(own);
  const context: BenchContext = {
    folder: own,
    broker,
    rounds: options.rounds,
    quick: options.quick,
    signal,
    progress,
  };
  const startedAt = performance.now();
  progress.begin(name, part.steps(context));
  try {
    await part.run(context, recordInto(result));
  } catch (error) {
    signal.throwIfAborted();
    result.failure = error instanceof Error ? error.message : String(error);
  }
  progress.end();
  result.seconds = (performance.now() - startedAt) / 1000;
  rmSync(own, { recursive: true, force: true, maxRetries: 3 });
  console.log(showPart(result));
  return result;
}
