import type { PartName } from "./options.ts";

/** A cell of a table: one figure, as each round measured it. */
export interface Figure {
  part: PartName;
  table: string;
  row: string;
  /** Says the unit, too. */
  column: string;
  values: number[];
}

/** What a part has measured. */
export interface PartResult {
  part: PartName;
  title: string;
  /** What limits its figures. */
  limits: string;
  figures: Figure[];
  /** What a reader has to know of this run. */
  notes: string[];
  seconds: number;
  /** Why it ended early. */
  failure?: string;
}

/** Takes what a part measures. */
export interface Recorder {
  /** Adds one round's value of a figure; one that is not a number was not measured. */
  add(table: string, row: string, column: string, value: number): void;
  /** Says something once. */
  note(text: string): void;
}

/** A recorder that writes into `result`. */
export function recordInto(result: PartResult): Recorder {
  return {
    add(table, row, column, value) {
      if (!Number.isFinite(value)) return;
      const known = result.figures.find(
        (one) => one.table === table && one.row === row && one.column === column,
      );
      if (known) known.values.push(value);
      else result.figures.push({ part: result.part, table, row, column, values: [value] });
    },
    note(text) {
      if (!result.notes.includes(text)) result.notes.push(text);
    },
  };
}
