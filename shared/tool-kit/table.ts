import { printable } from "@order-outbox/errors";

/** The answer to a query: a row has its values in the order of the columns. */
export interface Table {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

const MAX_CELL = 60;

/** A table with aligned columns: numbers to the right, `NULL` for null, long values cut. */
export function formatTable({ columns: names, rows }: Table): string {
  const columns = names.map((name) => printable(name));
  const cells = rows.map((row) => columns.map((_, i) => formatCell(row[i])));
  const widths = columns.map((column, i) =>
    Math.max(Bun.stringWidth(column), ...cells.map((row) => Bun.stringWidth(row[i] ?? ""))),
  );
  const toRight = columns.map(
    (_, i) => rows.length > 0 && rows.every((row) => isNumber(row[i]) || row[i] === null),
  );
  const format = (row: readonly string[], right: readonly boolean[]) =>
    row
      .map((cell, i) => {
        const space = " ".repeat((widths[i] ?? 0) - Bun.stringWidth(cell));
        return right[i] ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [
    format(columns, toRight),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...cells.map((row) => format(row, toRight)),
    `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`,
  ].join("\n");
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function formatCell(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  const text = printable(String(value));
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;
}
