import { Kind, Type, TypeRegistry } from "@sinclair/typebox";

const TIMESTAMP_KIND = "OrderOutbox:Timestamp";
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

TypeRegistry.Set(
  TIMESTAMP_KIND,
  (_schema, value) => typeof value === "string" && isTimestamp(value),
);

/**
 * A moment as RFC 3339 text that exists in the calendar. The services write UTC with milliseconds.
 * A kind of its own, because the format "date-time" is whatever was registered first, and Elysia's
 * takes a date alone.
 */
export const Timestamp = Type.Unsafe<string>({
  [Kind]: TIMESTAMP_KIND,
  type: "string",
  format: "date-time",
  description: "a time in RFC 3339",
  examples: ["2026-01-01T00:00:00.000Z"],
});

/** Whether `text` is a date and time in RFC 3339 that exists in the calendar. */
export function isTimestamp(text: string): boolean {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  if (year === undefined || Number.isNaN(Date.parse(text))) return false;
  if (Number(day) <= 28) return true;
  // Date.parse takes 30 February for 2 March.
  const lastOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= lastOfMonth;
}
