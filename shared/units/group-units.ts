import type { UnitOfWork } from "./units.ts";

/**
 * Parts units into successive groups, so that no two of a group share a conflict key and those that
 * do keep their order. The effects of one group may then be written kind by kind, whatever unit they
 * are of: it comes to the same as unit by unit.
 *
 * @returns the places of the units in `units`, by group
 */
export function groupUnits(units: readonly UnitOfWork[]): number[][] {
  const groups: number[][] = [];
  /** The first group in which a key is free again. */
  const freeFrom = new Map<string, number>();
  for (let index = 0; index < units.length; index++) {
    const { effects } = units[index] as UnitOfWork;
    let group = 0;
    for (const { keys } of effects) {
      for (const key of keys) group = Math.max(group, freeFrom.get(key) ?? 0);
    }
    for (const { keys } of effects) {
      for (const key of keys) freeFrom.set(key, group + 1);
    }
    const members = groups[group];
    if (members === undefined) groups[group] = [index];
    else members.push(index);
  }
  return groups;
}
