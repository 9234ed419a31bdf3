/** What {@link parseDuration} takes: a whole number from 1 and a unit, up to 99999d. */
export const DURATION_PATTERN = "^[1-9]\\d{0,4}[smhd]$";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration like `30d`, `12h`, `90m` or `45s` in milliseconds; undefined stays undefined. */
export function parseDuration(text: string): number;
export function parseDuration(text: string | undefined): number | undefined;
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const unit = UNIT_MS[text.slice(-1)];
  if (unit === undefined || !new RegExp(DURATION_PATTERN).test(text)) {
    throw new RangeError(`not a duration: ${JSON.stringify(text)}`);
  }
  return Number(text.slice(0, -1)) * unit;
}
