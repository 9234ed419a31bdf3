import { AppError } from "@order-outbox/errors";
import {
  type EffectKind,
  groupUnits,
  type Outcome,
  planWrites,
  type Refusal,
  Results,
  type UnitOfWork,
  type UnitResult,
} from "@order-outbox/units";

/** Writes the effects of one kind, inside a transaction that it must not end. */
export interface Writer {
  readonly kind: string;
  /**
   * Writes the values, in their order. Gives how each was taken, or nothing when all were done; what
   * it throws undoes the transaction, and each unit is then tried alone.
   */
  write(values: readonly unknown[]): readonly Outcome[] | undefined;
}

/** A writer of the effects that `effect` makes. */
export function writerOf<Value, Found>(
  effect: EffectKind<Value, Found>,
  write: (values: readonly Value[]) => readonly Outcome<Found>[] | undefined,
): Writer {
  // Values of this kind are made by `effect` alone.
  return { kind: effect.kind, write: write as Writer["write"] };
}

/** Who writes what. */
export interface UnitWritersOptions {
  /** In the order in which kinds are written. */
  writers: readonly Writer[];
  /**
   * Write once per transaction, after all units and for those that took effect, what sums them up:
   * offsets. They refuse nothing.
   */
  lastly?: readonly Writer[];
}

/** A unit that is undone because one of its effects was refused. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`refused: ${refusal.effect.kind}`);
    this.refusal = refusal;
  }
}

/** Writes units inside a transaction. */
export interface UnitWriters {
  /** AppError INTERNAL when nobody writes one of the unit's effects. */
  findUnknown(unit: UnitOfWork): AppError | undefined;
  /**
   * Writes units that undo nothing alone. One that is refused before any of it was written is left
   * out; any other failure is thrown, and all has to be rolled back.
   */
  writeTogether(units: readonly UnitOfWork[]): (UnitResult | Refused)[];
  /** @throws Refused */
  writeAlone(unit: UnitOfWork): UnitResult;
  /** Writes what sums up the units that took effect in this transaction. */
  finish(units: readonly UnitOfWork[]): void;
}

export function createUnitWriters({ writers, lastly = [] }: UnitWritersOptions): UnitWriters {
  const ranks = new Map(writers.map(({ kind }, rank) => [kind, rank]));
  for (const { kind } of lastly) ranks.set(kind, -1);
  if (ranks.size < writers.length + lastly.length) throw new TypeError("a kind has two writers");
  const rankOf = (kind: string) => ranks.get(kind) ?? -1;

  function writeTogether(units: readonly UnitOfWork[]): (UnitResult | Refused)[] {
    const kept = new Map<number, Map<number, Outcome>>();
    const refused = new Map<number, Refused>();
    /** The units of what was written so far. */
    const written: (readonly number[])[] = [];
    for (const group of groupUnits(units)) {
      for (const batch of planWrites(units, group, rankOf)) {
        const open = refused.size === 0 ? batch : withoutRefused(batch, refused);
        const outcomes = writers[open.kind]?.write(open.values);
        const taken: number[] = [];
        outcomes?.forEach((outcome, index) => {
          const [unit = 0, effect = 0] = [open.units[index], open.effects[index]];
          if (outcome.status === "refused") {
            const refusal = refusalOf(units[unit], effect, outcome.found);
            if (!refused.has(unit)) refused.set(unit, refusal);
            return;
          }
          taken.push(unit);
          if (outcome.status === "kept") {
            kept.set(unit, (kept.get(unit) ?? new Map()).set(effect, outcome));
          }
        });
        written.push(outcomes === undefined ? open.units : taken);
        // What is written of a refused unit can only be undone together with the others.
        for (const [unit, refusal] of refused) {
          if (written.some((members) => members.includes(unit))) throw refusal;
        }
      }
    }
    return units.map(
      ({ effects }, unit) =>
        refused.get(unit) ?? { committed: true, results: new Results(effects, kept.get(unit)) },
    );
  }

  return {
    findUnknown({ effects }) {
      const unknown = effects.find(({ kind }) => !ranks.has(kind));
      return unknown && new AppError("INTERNAL", `nobody writes effects "${unknown.kind}" here`);
    },
    writeTogether,
    writeAlone(unit) {
      const [result] = writeTogether([unit]);
      if (result === undefined || result instanceof Refused) throw result;
      return result;
    },
    finish(units) {
      for (const { kind, write } of lastly) {
        const values: unknown[] = [];
        for (const { effects } of units) {
          for (const effect of effects) if (effect.kind === kind) values.push(effect.value);
        }
        if (values.length > 0) write(values);
      }
    },
  };
}

function refusalOf(unit: UnitOfWork | undefined, index: number, found: unknown): Refused {
  const effect = unit?.effects[index];
  if (effect === undefined) throw new RangeError("an outcome for an effect that is not there");
  return new Refused({ effect, found });
}

type Batch = ReturnType<typeof planWrites>[number];

function withoutRefused(batch: Batch, refused: ReadonlyMap<number, unknown>): Batch {
  const open = batch.units.flatMap((unit, index) => (refused.has(unit) ? [] : [index]));
  return {
    kind: batch.kind,
    values: open.map((index) => batch.values[index]),
    units: open.map((index) => batch.units[index] as number),
    effects: open.map((index) => batch.effects[index] as number),
  };
}
