import { median } from "@order-outbox/tool-kit";
import { formatNumber } from "../table.ts";
import type { Compared } from "./pairs.ts";

/** The comparison as rows of text, the heading first. */
export function toRows(compared: readonly Compared[], commit: string): string[][] {
  return [
    ["median of the rounds", "this tree", commit, "ratio", "95 %", ""],
    ...compared.map(({ name, unit, values, interval }) => [
      `${name}, ${unit}`,
      formatNumber(median(values.this) ?? Number.NaN),
      formatNumber(median(values.other) ?? Number.NaN),
      ...(interval === undefined
        ? ["", "", "too few rounds"]
        : [
            interval.ratio.toFixed(3),
            `${interval.low.toFixed(3)}–${interval.high.toFixed(3)}`,
            verdictOf(interval),
          ]),
    ]),
  ];
}

function verdictOf({ low, high }: { low: number; high: number }): string {
  if (low > 1) return "better";
  return high < 1 ? "worse" : "no difference seen";
}

/** The measures that are worse than `least` says, beyond what chance explains. */
export const tooSlow = (compared: readonly Compared[], least: number): Compared[] =>
  compared.filter(({ interval }) => interval !== undefined && interval.high < least);
