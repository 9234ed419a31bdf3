/** What may go into logs and answers as it is: no spaces, quotes or control characters. */
const SANE = /^[\w.:/+=@-]{1,128}$/;

/** The header that names a request, inbound and outbound. */
export const REQUEST_ID = "x-request-id";

/**
 * The id that joins a request with its answer and its log lines: the client's `X-Request-Id` when
 * that is short and plain, else a new one.
 */
export function chooseRequestId(given: string | null): string {
  return given !== null && SANE.test(given) ? given : crypto.randomUUID();
}
