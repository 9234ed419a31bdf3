/** Looks for the highest rate that holds: doubles until one does not, then halves the distance. */
export interface RateSearch {
  /** The rate to try next; undefined when the answer is close enough. */
  next(): number | undefined;
  /** Says whether the rate that was tried holds. */
  note(rate: number, holds: boolean): void;
  /** The highest rate that held; 0: none did. */
  readonly best: number;
}

/**
 * @param first the rate to begin with
 * @param precision how far the best rate may be from one that did not hold, as a share of that
 * @param least a rate below which nothing is looked for
 */
export function searchRate(first: number, precision: number, least: number): RateSearch {
  let best = 0;
  let tooMuch = Number.POSITIVE_INFINITY;
  return {
    next() {
      if (tooMuch === Number.POSITIVE_INFINITY) return best === 0 ? first : best * 2;
      if (tooMuch - best <= Math.max(tooMuch * precision, least)) return undefined;
      return Math.round((best + tooMuch) / 2);
    },
    note(rate, holds) {
      if (holds) best = Math.max(best, rate);
      else tooMuch = Math.min(tooMuch, rate);
    },
    get best() {
      return best;
    },
  };
}

/** Orders on their way at one time. */
export interface Backlog {
  /** Seconds from the first order. */
  atS: number;
  orders: number;
}

/** The most that a backlog may grow in the time that is looked at, as a share of what came in... */
const GROWTH = 0.02;
/** ... and, on top of it, in seconds' worth of orders: less cannot be told from swings. */
const SWING_S = 0.2;

/**
 * Whether the backlog does not grow under load, by a straight line through its samples without those
 * of the first third.
 */
export function isSteady(samples: readonly Backlog[], seconds: number, rate: number): boolean {
  const from = seconds / 3;
  const lengthS = seconds - from;
  const later = samples.filter(({ atS }) => atS >= from && atS <= seconds);
  return slopeOf(later) * lengthS <= rate * (GROWTH * lengthS + SWING_S);
}

/** Orders a second by which the backlog grows, by least squares; 0 of less than two samples. */
function slopeOf(samples: readonly Backlog[]): number {
  const mean = (of: (sample: Backlog) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const meanAt = mean(({ atS }) => atS);
  const meanOrders = mean(({ orders }) => orders);
  const together = mean(({ atS, orders }) => (atS - meanAt) * (orders - meanOrders));
  const spread = mean(({ atS }) => (atS - meanAt) ** 2);
  return spread > 0 ? together / spread : 0;
}
