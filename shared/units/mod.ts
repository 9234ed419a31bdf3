/**
 * Units of work as data: a use case decides and returns effects, and a store's writers put those of
 * many units into one transaction. Start with `units.ts` for what is promised, `effect.ts` for what
 * an effect is, and `group-units.ts` for why grouping changes no result. `prune.ts` is how old rows of
 * any store go.
 */

export { PRUNE_CRASH_POINTS, type PruneCrashPoint, tellPruneCrashPoint } from "./crash-points.ts";
export {
  DONE,
  defineEffect,
  type Effect,
  type EffectKind,
  type EffectOptions,
  type Outcome,
  takeEach,
} from "./effect.ts";
export { groupUnits } from "./group-units.ts";
export { type KindBatch, planWrites } from "./plan-writes.ts";
export {
  type KeepOptions,
  type Prunable,
  type PruneOptions,
  type Pruner,
  type PruneScan,
  startAgePruner,
  startPruner,
} from "./prune.ts";
export { Results } from "./results.ts";
export { type SqlStatement, type SqlValue, sql } from "./sql.ts";
export type { Decision, Refusal, UnitOfWork, UnitResult, Units } from "./units.ts";
