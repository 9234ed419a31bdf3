/** What may go into logs and answers as it is: no spaces, quotes or control characters. */
const SANE = /^[\w.:/+=@-]{1,128}$/;

const made = new WeakMap<Request, string>();

/** The header that names a request, inbound and outbound. */
export const REQUEST_ID = "x-request-id";

/**
 * The id that joins a request with its answer and its log lines: the client's `X-Request-Id` when
 * that is short and plain, else one made when it is first asked for.
 */
export function requestIdOf(request: Request): string {
  const given = request.headers.get(REQUEST_ID);
  if (given !== null && SANE.test(given)) return given;
  let id = made.get(request);
  if (id === undefined) {
    id = crypto.randomUUID();
    made.set(request, id);
  }
  return id;
}
