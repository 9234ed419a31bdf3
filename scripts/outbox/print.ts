import { formatTable, type Table } from "../sql/table.ts";

/** Writes the answer for machines. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Writes rows as a table, with how many there are. */
export function printTable(table: Table): void {
  const rows = table.rows.map((row) =>
    row.map((cell) => (typeof cell === "string" ? plain(cell) : cell)),
  );
  console.log(formatTable({ ...table, rows }));
}

/** Text from outside without control characters, which a terminal would obey. */
export function plain(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes a table whose number of rows says nothing. */
export function printFacts(table: Table): void {
  console.log(formatTable(table).split("\n").slice(0, -1).join("\n"));
}

/** `3 orders`, `1 order`. */
export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString("en-US")} ${noun}${amount === 1 ? "" : "s"}`;
}

/** A span of time in its two largest units: `2 d 3 h`, `5 min 20 s`, `0 s`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}
