import type { Effect } from "./effect.ts";
import type { Results } from "./results.ts";

/** What belongs together: all of its effects take place, or none does. */
export interface UnitOfWork {
  readonly effects: readonly Effect[];
}

/** What a use case came to: what to say, and what has to be true before it is said. */
export interface Decision<Answer> extends UnitOfWork {
  readonly answer: Answer;
}

/** The effect that undid its unit, and the state that its writer found. */
export interface Refusal {
  readonly effect: Effect;
  readonly found: unknown;
}

/** What became of a unit. */
export type UnitResult =
  | { readonly committed: true; readonly results: Results }
  | { readonly committed: false; readonly refusal: Refusal };

/**
 * Takes units of work, and writes many of them in one transaction.
 *
 * What every store keeps:
 *
 * 1. A unit takes effect as a whole, once, or not at all. A committed unit is on the disk.
 * 2. The result of many units is that of some order of them, one by one, in which units that share a
 *    conflict key stand as they came.
 * 3. Within a unit, effects are written in the order in which the store declares their kinds: guards,
 *    tables, outbox, inbox, offsets.
 * 4. A unit that is refused, or whose statement fails, undoes nothing but itself; what shared its
 *    transaction may be written again, apart from it, and only the last verdict counts.
 * 5. Nothing of a use case runs inside a transaction, or runs twice.
 */
export interface Units {
  /**
   * Writes a unit, and resolves when it is committed or refused.
   *
   * Rejects with the error of its own statement, or with one of the store's: `STORAGE_FULL`,
   * `OVERLOADED`, `SHUTTING_DOWN` and others that say that nothing was stored, and `STORAGE_FAILED`
   * for a COMMIT of unknown outcome. An effect that no writer takes is `INTERNAL`.
   *
   * @param traceparent W3C trace context of what the unit is part of
   */
  commit(unit: UnitOfWork, traceparent?: string): Promise<UnitResult>;
}
