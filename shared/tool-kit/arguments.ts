import { UserError } from "./user-error.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A whole number that an option was given. */
export function parseWhole(option: string, text: string, least = 0): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UserError(`${option} must be a whole number from ${least}, not "${text}"`);
}

/** A span like `500ms`, `60s`, `15m`, `12h` or `30d`, in milliseconds. */
export function parseSpan(option: string, text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? ""] ?? Number.NaN);
  if (Number.isSafeInteger(ms)) return ms;
  throw new UserError(`${option} must be a span like 60s, 15m, 12h or 30d, not "${text}"`);
}

/** The reason that a change for good must be given. */
export function requireReason(reason: string | undefined): string {
  const text = reason?.trim();
  if (text) return text;
  throw new UserError('say why with --reason "…": it is kept in the audit');
}

/** Which of two kinds of rows an id belongs to. */
export function requirePlace(values: {
  outbox?: boolean | undefined;
  held?: boolean | undefined;
}): "outbox" | "held" {
  if (Boolean(values.outbox) === Boolean(values.held)) {
    throw new UserError("say whose id it is: --outbox (to be published) or --held (consumed)");
  }
  return values.outbox ? "outbox" : "held";
}
