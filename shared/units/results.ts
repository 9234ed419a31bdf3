import { DONE, type Effect, type EffectKind, type Outcome } from "./effect.ts";

/** How the effects of a committed unit were taken. */
export class Results {
  readonly #effects: readonly Effect[];
  /** Those that were not simply done, by their place in the unit. */
  readonly #kept: ReadonlyMap<number, Outcome> | undefined;

  constructor(effects: readonly Effect[], kept?: ReadonlyMap<number, Outcome>) {
    this.#effects = effects;
    this.#kept = kept;
  }

  /** The outcome of the unit's first effect of a kind; `done` for one that it does not have. */
  of<Value, Found>({ kind }: EffectKind<Value, Found>): Outcome<Found> {
    if (this.#kept === undefined) return DONE;
    const index = this.#effects.findIndex((effect) => effect.kind === kind);
    return (this.#kept.get(index) ?? DONE) as Outcome<Found>;
  }
}
