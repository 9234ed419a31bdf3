import { STATUS_CODES } from "node:http";
import { AppError, type ErrorCode } from "@order-outbox/errors";
import { Type } from "@sinclair/typebox";

/** A rule that a request breaks: where, as a JSON Pointer into that part of the request. */
export interface Violation {
  in: "body" | "query" | "params" | "headers" | "cookie";
  path: string;
  message: string;
}

/** The body of an error answer (RFC 9457); for a route's `response` schemas. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    instance: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(Type.Object({ in: Type.String(), path: Type.String(), message: Type.String() })),
    ),
  },
  { $id: "Problem", description: "An error, as application/problem+json (RFC 9457)" },
);

interface Answer {
  status: number;
  /** Seconds, for the header Retry-After. */
  retryAfter?: number;
}

const ANSWERS: Partial<Record<ErrorCode, Answer>> = {
  INPUT_MALFORMED: { status: 400 },
  UNAUTHORIZED: { status: 401 },
  NOT_FOUND: { status: 404 },
  METHOD_NOT_ALLOWED: { status: 405 },
  BODY_TOO_LARGE: { status: 413 },
  MEDIA_TYPE_UNSUPPORTED: { status: 415 },
  HOST_NOT_ALLOWED: { status: 421 },
  INPUT_INVALID: { status: 422 },
  IDEMPOTENCY_KEY_REUSED: { status: 422 },
  OVERLOADED: { status: 503, retryAfter: 1 },
  SHUTTING_DOWN: { status: 503, retryAfter: 2 },
  STORAGE_FULL: { status: 503, retryAfter: 30 },
  STORAGE_BUSY: { status: 503, retryAfter: 1 },
  STORAGE_LOST: { status: 503, retryAfter: 30 },
  STORAGE_READONLY: { status: 503, retryAfter: 30 },
};

/** The HTTP status that answers an error of this code: 500 for all that is nobody's input. */
export function statusOf(code: ErrorCode): number {
  return ANSWERS[code]?.status ?? 500;
}

/**
 * The answer to an error as `application/problem+json`. Of an error that answers with 500 nothing
 * but its code is shown: its message was written for the log. `details.errors` (violations) and
 * `details.allow` (methods) of the error become `errors` and the header `Allow`, and
 * `details.acceptEncoding` the header `Accept-Encoding`.
 */
export function problemResponse(
  error: AppError,
  { instance, requestId }: { instance?: string; requestId?: string } = {},
): Response {
  const { status, retryAfter } = ANSWERS[error.code] ?? { status: 500 };
  const { errors, allow, acceptEncoding } = error.details;
  const body = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: status === 500 ? "The service failed; the failure was logged." : error.message,
    code: error.code,
    ...(instance === undefined ? {} : { instance }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(Array.isArray(errors) ? { errors } : {}),
  };
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  });
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  if (Array.isArray(allow)) headers.set("allow", allow.join(", "));
  if (typeof acceptEncoding === "string") headers.set("accept-encoding", acceptEncoding);
  if (status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(body), { status, headers });
}

/** An `INPUT_INVALID` error that lists every rule broken. */
export function invalidInput(errors: readonly Violation[]): AppError {
  const places = errors.map(({ path, message }) => `${path || "/"} ${message}`).join("; ");
  return new AppError("INPUT_INVALID", `The request is not valid: ${places}.`, {
    details: { errors },
  });
}
