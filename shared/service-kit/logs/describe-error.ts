import { isAppError } from "@order-outbox/errors";

/** An error as it is logged: plain JSON, causes nested, a stack only where no code explains it. */
export interface ErrorDescription {
  code?: string;
  message: string;
  stack?: string;
  details?: Readonly<Record<string, unknown>>;
  cause?: ErrorDescription;
}

const MAX_CAUSES = 8;

/** Describes anything that was thrown; never throws itself and ends on circular causes. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? error.code : undefined;
  const more = error.cause !== undefined && depth < MAX_CAUSES;
  return {
    ...(code === undefined ? {} : { code: String(code) }),
    message: error.message,
    ...(isAppError(error)
      ? Object.keys(error.details).length > 0 && { details: error.details }
      : error.stack !== undefined && { stack: error.stack }),
    ...(more && { cause: describeError(error.cause, depth + 1) }),
  };
}
