import { createRouteFinder, type ServedApp } from "./observe-requests.ts";
import { pathOf } from "./paths.ts";
import { setTraceparent } from "./trace-context.ts";

/** What is known of a request when it begins. */
export interface RequestFacts {
  method: string;
  /** A pattern; `none` for an address that does not exist. */
  route: string;
  path: string;
  headers: Headers;
}

/** A request whose trace is being recorded. */
export interface TracedRequest {
  /** The W3C trace context for what it leads to. */
  traceparent: string;
  end(status: number): void;
}

/** Begins to record the trace of a request. */
export type TraceRequest = (request: RequestFacts) => TracedRequest;

/** What somebody asks every few seconds, of whom nobody wants to see a trace. */
const UNTRACED = ["/health", "/ready", "/metrics"];

/** `app`, with the trace of every request recorded; see `traceparentOf`. */
export function traceRequests(app: ServedApp, begin: TraceRequest): ServedApp {
  const routeOf = createRouteFinder(app.routes);
  return {
    routes: app.routes,
    async fetch(request) {
      const { method, headers } = request;
      const path = pathOf(request.url);
      const route = routeOf(path);
      if (UNTRACED.includes(route)) return app.fetch(request);
      const { traceparent, end } = begin({ method, route, path, headers });
      setTraceparent(request, traceparent);
      const response = await app.fetch(request);
      end(response.status);
      return response;
    },
  };
}
