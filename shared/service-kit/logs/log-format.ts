import { printable } from "@order-outbox/errors";

const RESET = "\u001b[0m";
const DIM = "\u001b[2m";
const LEVEL_COLORS: Record<string, string> = {
  debug: "\u001b[2m",
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};

/**
 * A JSON log line for human eyes: time of day (UTC), level, service, message, then `key=value`; the ids
 * that one looks for first. A line that is not JSON comes back as it is.
 */
export function formatLogLine(line: string, { color }: { color: boolean }): string {
  const fields = parseFields(line);
  if (fields === undefined) return printable(line.trimEnd());
  const { time, level, service, msg, orderId, eventId, traceId, requestId, ...others } = fields;
  const paint = (text: string, code: string) => (color ? `${code}${text}${RESET}` : text);
  const name = String(level ?? "info");
  const pairs = Object.entries({ orderId, eventId, traceId, requestId, ...others })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${paint(`${printable(key)}=`, DIM)}${formatValue(key, value)}`);
  return [
    paint(String(time ?? "").slice(11), DIM),
    paint(name.toUpperCase().padEnd(5), LEVEL_COLORS[name] ?? ""),
    printable(String(service ?? "")),
    printable(String(msg ?? "")),
    ...pairs,
  ].join(" ");
}

function parseFields(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {}
  return undefined;
}

function formatValue(key: string, value: unknown): string {
  if (key === "error" || key === "err") return quoteIfNeeded(formatError(value));
  if (typeof value === "string") return quoteIfNeeded(value);
  return printable(JSON.stringify(value));
}

/** `CODE message <- CODE message of the cause` */
function formatError(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { code, message, cause } = value as Record<string, unknown>;
  const own = [code, message].filter((part) => part !== undefined).join(" ");
  return cause === undefined ? own : `${own} <- ${formatError(cause)}`;
}

function quoteIfNeeded(text: string): string {
  return printable(/^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text));
}
