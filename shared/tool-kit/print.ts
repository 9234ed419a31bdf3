import { formatTable, type Table } from "./table.ts";

/** Writes the answer for machines. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Writes rows as a table, with how many there are. */
export function printTable(table: Table): void {
  console.log(formatTable(table));
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

/** `512 B`, `3.4 MiB`, `120 GiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 2 ** (10 * power);
  const unit = ["B", "KiB", "MiB", "GiB", "TiB"][power];
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

/** `35 ms`, `2.4 s`, `3 min 20 s`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : formatSpan(ms);
}
