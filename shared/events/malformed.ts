import { AppError } from "@order-outbox/errors";
import type { Violation } from "./violations.ts";

/** `EVENT_MALFORMED` that names every violation in its message and in `details.violations`. */
export function malformed(what: string, violations: readonly Violation[]): AppError {
  const list = violations.map(({ path, message }) => (path ? `${path} ${message}` : message));
  return new AppError("EVENT_MALFORMED", `${what}: ${list.join("; ")}`, {
    details: { violations },
  });
}
