import type { BenchBroker } from "./broker.ts";
import type { Recorder } from "./figures.ts";
import type { PartName } from "./options.ts";
import type { Progress } from "./progress.ts";

/** What a part works with. */
export interface BenchContext {
  /** Empty, and the part's own. */
  readonly folder: string;
  readonly broker: BenchBroker;
  readonly rounds: number;
  readonly quick: boolean;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** A part of the bench. */
export interface Part {
  readonly name: PartName;
  readonly title: string;
  /** What limits its figures, for the report. */
  readonly limits: string;
  /** About how many steps it takes. */
  steps(context: BenchContext): number;
  run(context: BenchContext, recorder: Recorder): Promise<void>;
}

/** Alternates the order of things from round to round, so that none is always measured first. */
export function inTurns<Item>(items: readonly Item[], round: number): Item[] {
  return round % 2 === 0 ? [...items] : items.toReversed();
}

/** Throws when the run is to end. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal.throwIfAborted();
}
