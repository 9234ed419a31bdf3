import { intervalOf, LEAST_ROUNDS, type RatioInterval } from "./interval.ts";

/** Of the two trees that are compared: the one that the bench is run from, and the other. */
export type Side = "this" | "other";

/** What is measured on both sides. */
export interface Measure {
  name: string;
  unit: string;
  /** Whether more of it is better, as of a rate, or less, as of a time. */
  better: "more" | "less";
}

/** The figures of a measure, by round. */
export interface Pair extends Measure {
  values: Record<Side, number[]>;
}

/** A measure of both sides; a ratio above 1 is in favour of this tree. */
export interface Compared extends Pair {
  /** Undefined with too few rounds. */
  interval: RatioInterval | undefined;
}

/** Takes what is measured, one value of each side in each round. */
export interface PairRecorder {
  add(measure: Measure, side: Side, value: number): void;
  pairs(): Pair[];
}

export function createPairRecorder(): PairRecorder {
  const pairs = new Map<string, Pair>();
  return {
    add(measure, side, value) {
      const pair = pairs.get(measure.name) ?? { ...measure, values: { this: [], other: [] } };
      pairs.set(measure.name, pair);
      pair.values[side].push(value);
    },
    pairs: () => [...pairs.values()],
  };
}

/** Sets each round's value of one side against that of the other. */
export function compare(pair: Pair): Compared {
  const { values, better } = pair;
  const ratios = values.this.flatMap((mine, round) => {
    const theirs = values.other[round];
    if (theirs === undefined) return [];
    const ratio = better === "more" ? mine / theirs : theirs / mine;
    return Number.isFinite(ratio) && ratio > 0 ? [ratio] : [];
  });
  return { ...pair, interval: ratios.length < LEAST_ROUNDS ? undefined : intervalOf(ratios) };
}
