import type { UnitOfWork } from "./units.ts";

/** The effects of one kind in a group of units, with where each comes from. */
export interface KindBatch {
  readonly kind: number;
  readonly values: unknown[];
  /** The unit of each value, by its place among the units. */
  readonly units: number[];
  /** The effect of each value, by its place in its unit. */
  readonly effects: number[];
}

/**
 * The writes of a group of units, by kind, in the declared order of kinds; within a kind in the order
 * of the units.
 *
 * @param group the places of the units in `units`
 * @param rankOf the place of a kind in the declared order; below 0: not written here
 */
export function planWrites(
  units: readonly UnitOfWork[],
  group: readonly number[],
  rankOf: (kind: string) => number,
): KindBatch[] {
  const batches: KindBatch[] = [];
  for (const unit of group) {
    units[unit]?.effects.forEach((effect, index) => {
      const rank = rankOf(effect.kind);
      if (rank < 0) return;
      let batch = batches[rank];
      if (batch === undefined) {
        batch = { kind: rank, values: [], units: [], effects: [] };
        batches[rank] = batch;
      }
      batch.values.push(effect.value);
      batch.units.push(unit);
      batch.effects.push(index);
    });
  }
  return batches.filter((batch) => batch !== undefined);
}
