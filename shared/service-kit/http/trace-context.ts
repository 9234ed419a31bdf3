import { readTraceparent } from "@order-outbox/events";

const served = new WeakMap<Request, string>();

/** Says in which trace context a request is served, for {@link traceparentOf}. */
export function setTraceparent(request: Request, traceparent: string): void {
  served.set(request, traceparent);
}

/**
 * The W3C trace context to give to what a request leads to: that of its own span while requests are
 * traced, else the client's; undefined when there is none, or none that is well formed.
 */
export function traceparentOf(request: Request): string | undefined {
  return served.get(request) ?? readTraceparent(request.headers.get("traceparent"));
}
