import type { Figure } from "./figures.ts";
import type { PartName } from "./options.ts";
import { formatFigure, medianOf } from "./table.ts";

/** What a figure is to reach; one with a stretch alone is to be seen, not to be failed. */
export interface Target {
  part: PartName;
  /** Which figure. */
  table: string;
  row: string;
  column: string;
  /** What it is, for people. */
  name: string;
  target?: Bound;
  stretch?: Bound;
}

/** A least or a most, of the median of the rounds. */
export type Bound = { atLeast: number } | { atMost: number };

/** How a target came out. */
export interface Verdict {
  name: string;
  target: string;
  stretch: string;
  measured: string;
  verdict:
    | "met"
    | "met, stretch too"
    | "**not met**"
    | "stretch met"
    | "stretch not met"
    | "not measured";
}

/** Judges every target by the figures that were measured. */
export function judgeTargets(targets: readonly Target[], figures: readonly Figure[]): Verdict[] {
  return targets.map((target) => {
    const figure = figures.find(
      ({ part, table, row, column }) =>
        part === target.part &&
        table === target.table &&
        row === target.row &&
        column === target.column,
    );
    const value = medianOf(figure);
    return {
      name: target.name,
      target: describe(target.target),
      stretch: describe(target.stretch),
      measured: figure === undefined ? "" : formatFigure(figure),
      verdict: figure === undefined ? "not measured" : judge(target, value),
    };
  });
}

function judge({ target, stretch }: Target, value: number): Verdict["verdict"] {
  if (target !== undefined && !holds(target, value)) return "**not met**";
  if (stretch === undefined) return "met";
  if (holds(stretch, value)) return target === undefined ? "stretch met" : "met, stretch too";
  return target === undefined ? "stretch not met" : "met";
}

const holds = (bound: Bound, value: number): boolean =>
  "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost;

function describe(bound: Bound | undefined): string {
  if (bound === undefined) return "";
  return "atLeast" in bound
    ? `≥ ${bound.atLeast.toLocaleString("en-US")}`
    : `≤ ${bound.atMost.toLocaleString("en-US")}`;
}
