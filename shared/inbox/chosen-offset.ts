import { AppError } from "@order-outbox/errors";

/**
 * Where a partition that is kept from offset `low` and ends before `high` is read on when an operator
 * chooses `to`.
 * @throws AppError `OFFSET_OUT_OF_RANGE` for an offset that it does not have and will not write next:
 *   reading from there would stop the partition, or jump over what is still to come.
 */
export function chosenOffset(
  to: "earliest" | "latest" | number,
  { low, high }: { low: number; high: number },
  place: string,
): number {
  if (to === "earliest") return low;
  if (to === "latest") return high;
  if (to >= low && to <= high) return to;
  const message = `${place} can be read from ${low} to ${high}, not from ${to}`;
  throw new AppError("OFFSET_OUT_OF_RANGE", message);
}
