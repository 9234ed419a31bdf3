/**
 * The value below which `share` of the numbers lie (nearest rank); undefined of none. Every value is
 * kept and nothing is put into buckets.
 *
 * @param sorted ascending
 * @param share 0 to 1
 */
export function percentile(
  sorted: readonly number[] | Float64Array,
  share: number,
): number | undefined {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1];
}

/** The percentiles of a latency, in the unit of its samples. */
export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  most: number;
}

/** The percentiles of some samples in any order; NaN of none. */
export function percentilesOf(samples: readonly number[]): Percentiles {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number) => percentile(sorted, share) ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

/**
 * What one thread can do that has to do two things for every request, each of which it could do so
 * often a second alone.
 */
export function ceilingOf(first: number, second: number): number {
  return 1 / (1 / first + 1 / second);
}
