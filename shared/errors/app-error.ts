import { ERROR_CODES, type ErrorCode } from "./codes.ts";

/** What an {@link AppError} can carry beyond its code and message. */
export interface ErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** Overrides the code's own `retryable`, where the thrower knows better. */
  retryable?: boolean;
  /** Facts for logs and problem bodies: violations, limits, ids. Plain JSON. */
  details?: Record<string, unknown>;
}

/**
 * The one error class of this system: a stable `code`, whether trying again can help, and the
 * cause. Callers decide by `code` and `retryable`, never by the message.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is an {@link AppError}, of `code` when one is given. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** The code of an {@link AppError}, and `INTERNAL` for anything else that was thrown. */
export function errorCodeOf(error: unknown): ErrorCode {
  return error instanceof AppError ? error.code : "INTERNAL";
}

/** Whatever was thrown as an {@link AppError}; foreign values become `fallback` with a cause. */
export function toAppError(error: unknown, fallback: ErrorCode = "INTERNAL"): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError(fallback, message, { cause: error });
}
