/** A ratio over several rounds, and where it lies at a confidence of 95 %. */
export interface RatioInterval {
  ratio: number;
  low: number;
  high: number;
}

/** With fewer rounds no interval of this kind reaches 95 %. */
export const LEAST_ROUNDS = 6;
const TAIL = 0.025;

/**
 * The ratio that pairs of measurements show, by Wilcoxon's signed ranks: the estimate is the median
 * of the means of all two logarithms (Hodges and Lehmann), and the interval is cut from the sorted
 * means, so that one round in which the machine hiccuped moves neither far. Nothing is assumed of
 * the distribution but that it is symmetric.
 *
 * @throws RangeError for fewer than {@link LEAST_ROUNDS} ratios
 */
export function intervalOf(ratios: readonly number[]): RatioInterval {
  if (ratios.length < LEAST_ROUNDS) {
    throw new RangeError(`${LEAST_ROUNDS} rounds are the least for an interval of 95 %`);
  }
  const logs = ratios.map(Math.log);
  const means = logs
    .flatMap((one, index) => logs.slice(index).map((other) => (one + other) / 2))
    .toSorted((a, b) => a - b);
  const left = leftOut(ratios.length);
  const at = (index: number) => Math.exp(means[index] ?? Number.NaN);
  const middle = (means.length - 1) / 2;
  return {
    ratio: Math.sqrt(at(Math.floor(middle)) * at(Math.ceil(middle))),
    low: at(left),
    high: at(means.length - 1 - left),
  };
}

/** How many of the sorted means lie outside on either side: the largest c with P(T <= c) <= 2.5 %. */
function leftOut(rounds: number): number {
  const most = (rounds * (rounds + 1)) / 2;
  let ways = new Float64Array(most + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= rounds; rank++) {
    ways = ways.map((count, sum) => count + (sum >= rank ? (ways[sum - rank] ?? 0) : 0));
  }
  const total = 2 ** rounds;
  let share = 0;
  for (let sum = 0; ; sum++) {
    share += (ways[sum] ?? 0) / total;
    if (share > TAIL) return sum - 1;
  }
}
