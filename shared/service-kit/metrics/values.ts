import type { Counter, Gauge } from "prom-client";

/** Shows a count that is kept elsewhere. */
export function showCount(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

/** Shows a state as one series for each that is possible: 1 for the present one, 0 for the others. */
export function showState<State extends string>(
  gauge: Gauge<"state">,
  states: readonly State[],
  present: State,
): void {
  for (const state of states) gauge.set({ state }, Number(state === present));
}
