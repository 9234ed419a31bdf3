import type { NoteRequest } from "../metrics/http.ts";
import { matchesPath, pathOf } from "./paths.ts";

/** An app as far as serving it goes; an Elysia instance is one. */
export interface ServedApp {
  fetch(request: Request): Response | Promise<Response>;
  readonly routes: readonly { path: string }[];
}

/** `app`, with every request noted when it is answered. */
export function observeRequests(app: ServedApp, note: NoteRequest): Pick<ServedApp, "fetch"> {
  const routeOf = createRouteFinder(app.routes);

  function finish(request: Request, startedAt: number, response: Response): Response {
    const route = routeOf(pathOf(request.url));
    note(request.method, route, response.status, performance.now() - startedAt);
    return response;
  }

  return {
    fetch(request) {
      const startedAt = performance.now();
      const answer = app.fetch(request);
      return answer instanceof Promise
        ? answer.then((response) => finish(request, startedAt, response))
        : finish(request, startedAt, answer);
    },
  };
}

/** Finds the pattern that a path belongs to; `none` when there is no such route. */
export function createRouteFinder(
  routes: readonly { path: string }[],
): (pathname: string) => string {
  const fixed = new Map<string, string>();
  const patterns: string[] = [];
  for (const { path } of routes) {
    if (/[:*]/.test(path)) patterns.push(path);
    else fixed.set(path, path);
  }
  return (pathname) =>
    fixed.get(pathname) ??
    fixed.get(pathname.replace(/(.)\/$/, "$1")) ??
    patterns.find((pattern) => matchesPath(pattern, pathname)) ??
    "none";
}
