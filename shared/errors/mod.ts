export { AppError, type ErrorOptions, errorCodeOf, isAppError, toAppError } from "./app-error.ts";
export { type Backoff, backoffDelay } from "./backoff.ts";
export { ERROR_CODES, type ErrorCode } from "./codes.ts";
