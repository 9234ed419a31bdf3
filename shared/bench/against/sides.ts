import type { BenchBroker } from "../broker.ts";
import type { Progress } from "../progress.ts";
import type { PairRecorder, Side } from "./pairs.ts";

/** One of the two trees, and what is its own. */
export interface Tree {
  side: Side;
  /** Where its files are. */
  root: string;
  /** Both brokers are this tree's, so that they are the same instrument. */
  broker: BenchBroker;
}

/** What the comparisons work with. */
export interface AgainstContext {
  trees: Record<Side, Tree>;
  folder: string;
  rounds: number;
  /** Shorter slices. */
  quick: boolean;
  signal: AbortSignal;
  progress: Progress;
  recorder: PairRecorder;
}

/** Both trees, each first in every other round. */
export function inOrder({ trees }: AgainstContext, round: number): Tree[] {
  return round % 2 === 0 ? [trees.this, trees.other] : [trees.other, trees.this];
}

/** Each tree twice, first one, the other twice, then the first: what drifts meets both alike. */
export function slices(context: AgainstContext, round: number): Tree[] {
  const [first, second] = inOrder(context, round) as [Tree, Tree];
  return [first, second, second, first];
}
