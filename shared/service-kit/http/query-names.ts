import type { Route } from "../openapi/operation.ts";
import type { Violation } from "./problem.ts";

/** More violations than this tell nobody more. */
const MOST_LISTED = 20;
const LONGEST_NAME = 64;

/** Finds the names in a request's query that its route does not know, or gets more than once. */
export type JudgeQuery = (request: Request, route: string) => Violation[];

/**
 * Judges by the routes of an app: one that validates no query takes no name at all, unless its
 * details say that it ignores them.
 *
 * @param routes called when the first query comes, when all routes are there
 */
export function createQueryJudge(routes: () => readonly Route[]): JudgeQuery {
  let known: Map<string, ReadonlySet<string> | undefined> | undefined;

  function namesOf(method: string, route: string): ReadonlySet<string> | undefined {
    known ??= new Map(
      routes().map(({ method, path, hooks }) => [
        `${method} ${path}`,
        hooks.detail?.ignoresQuery
          ? undefined
          : new Set(Object.keys(hooks.query?.properties ?? {})),
      ]),
    );
    return known.get(`${method === "HEAD" ? "GET" : method} ${route}`);
  }

  return ({ method, url }, route) => {
    const start = url.indexOf("?");
    if (start === -1) return [];
    const names = namesOf(method, route);
    return names === undefined ? [] : violationsIn(url.slice(start + 1), names);
  };
}

function violationsIn(query: string, known: ReadonlySet<string>): Violation[] {
  const found = new Map<string, Violation>();
  const seen = new Set<string>();
  for (const name of new URLSearchParams(query).keys()) {
    const message = known.has(name) ? seen.has(name) && "is given more than once" : "is not known";
    seen.add(name);
    if (message === false) continue;
    const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
    const path = `/${short.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    found.set(path, { in: "query", path, message });
    if (found.size === MOST_LISTED) break;
  }
  return [...found.values()];
}
