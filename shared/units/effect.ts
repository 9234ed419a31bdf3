/**
 * One change that a use case decided on: a plain value, which names who writes it. It is complete
 * before the transaction begins, and none reads another's result.
 */
export interface Effect {
  readonly kind: string;
  readonly value: unknown;
  /** What it touches. Units that share a key are written one after the other. */
  readonly keys: readonly string[];
}

/**
 * How an effect was taken. `kept`: the state found stays as it is, and the unit goes on. `refused`:
 * its unit leaves nothing behind, and whoever asked for it gets the state found.
 */
export type Outcome<Found = unknown> =
  | { readonly status: "done" }
  | { readonly status: "kept"; readonly found: Found }
  | { readonly status: "refused"; readonly found: Found };

/** What most effects come to. */
export const DONE: Outcome<never> = Object.freeze({ status: "done" });

/** Takes values one after the other; gives nothing when all were done, as most are. */
export function takeEach<Value, Found>(
  values: readonly Value[],
  take: (value: Value) => Outcome<Found>,
): Outcome<Found>[] | undefined {
  let outcomes: Outcome<Found>[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const outcome = take(values[index] as Value);
    if (outcome.status !== "done") outcomes ??= values.map(() => DONE);
    if (outcomes !== undefined) outcomes[index] = outcome;
  }
  return outcomes;
}

/** Makes effects of one kind; `Found` is the state that its writer finds when it does not do it. */
export interface EffectKind<Value, Found = never> {
  (value: Value): Effect;
  readonly kind: string;
  /** Only for types. */
  readonly found?: Found;
}

/** What effects of a kind touch. */
export interface EffectOptions<Value> {
  /**
   * The conflict keys of a value, such as `order:17`. None is needed for what this very unit made up,
   * such as a new id: nobody else can name it.
   */
  keysOf?(value: Value): readonly string[];
}

const NONE: readonly string[] = [];

/** Defines a kind of effect. Each store that takes it has one writer of the same name. */
export function defineEffect<Value, Found = never>(
  kind: string,
  { keysOf }: EffectOptions<Value> = {},
): EffectKind<Value, Found> {
  const effect = (value: Value): Effect => ({ kind, value, keys: keysOf?.(value) ?? NONE });
  return Object.assign(effect, { kind });
}
