import { median } from "@order-outbox/tool-kit";
import type { Figure } from "./figures.ts";

/** A number as people read it: three digits that count, at least. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  const digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** The median of a figure's rounds; NaN when it was not measured. */
export const medianOf = (figure: Figure | undefined): number =>
  median(figure?.values ?? []) ?? Number.NaN;

/** The median, with the least and the most in parentheses when there were several rounds. */
export function formatFigure({ values }: Figure): string {
  const middle = formatNumber(median(values) ?? Number.NaN);
  if (values.length < 2) return middle;
  return `${middle} (${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`;
}

/** Figures of one table as rows of text, the heading first. */
export function toRows(heading: string, figures: readonly Figure[]): string[][] {
  const columns = [...new Set(figures.map(({ column }) => column))];
  const rows = [...Map.groupBy(figures, ({ row }) => row)].map(([row, cells]) => [
    row,
    ...columns.map((column) => {
      const cell = cells.find((one) => one.column === column);
      return cell === undefined ? "" : formatFigure(cell);
    }),
  ]);
  return [[heading, ...columns], ...rows];
}

/** A table in Markdown; numbers to the right. */
export function toMarkdown([heading = [], ...rows]: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|${heading.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`;
  return [line(heading), rule, ...rows.map(line)].join("\n");
}

/** A table for the terminal. */
export function toText(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
