export { AppError, type ErrorOptions, errorCodeOf, isAppError, toAppError } from "./app-error.ts";
export { type Backoff, backoffDelay } from "./backoff.ts";
export { ageingClock, type Clock, isoTime, monotonic, steadyClock } from "./clock.ts";
export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export { printable } from "./printable.ts";
export { isStorageTrouble } from "./storage-trouble.ts";
