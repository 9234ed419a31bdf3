import { AppError } from "@order-outbox/errors";
import { traceIdOf } from "@order-outbox/events";
import { type AnyElysia, NotFoundError, ParseError, ValidationError } from "elysia";
import type { Logger } from "../logs/logger.ts";
import type { Route } from "../openapi/operation.ts";
import { readJsonBody } from "./json-body.ts";
import { matchesPath, pathOf } from "./paths.ts";
import { invalidInput, problemResponse, statusOf, type Violation } from "./problem.ts";
import { createQueryJudge } from "./query-names.ts";
import { chooseRequestId, REQUEST_ID } from "./request-id.ts";
import { traceparentOf } from "./trace-context.ts";
import { violationsOf } from "./violations.ts";

/**
 * Makes an app answer every error as problem+json and read bodies strictly ({@link readJsonBody}).
 * Use it first: `new Elysia().use(problemJson({ logger })).post(…)`. It covers the plugins that the
 * app uses afterwards too. Every request gets an id, which its answer carries.
 *
 * A function and not an Elysia instance, because 405 needs the routes of the app itself.
 */
export function problemJson({ logger }: { logger: Logger }) {
  return function problemJson<App extends AnyElysia>(app: App): App {
    // Elysia would reshape a body before checking it: [] would become an object without fields.
    app.config.normalize = "typebox";
    // Without this, requests whose Host has less than four characters find no route.
    app.config.handler = { ...app.config.handler, standardHostname: false };
    app.onRequest(function nameRequest({ request, set }) {
      set.headers[REQUEST_ID] = chooseRequestId(request.headers.get(REQUEST_ID));
    });
    const judgeQuery = createQueryJudge(() => app.routes as readonly Route[]);
    app.onBeforeHandle({ as: "global" }, function refuseQuery({ request, route }) {
      const violations = judgeQuery(request, route);
      if (violations.length > 0) throw invalidInput(violations);
    });
    app.onParse({ as: "global" }, function readBody({ request }) {
      return readJsonBody(request);
    });
    app.onError({ as: "global" }, function answerProblem({ error, request, route, set }) {
      const pathname = pathOf(request.url);
      const problem =
        error instanceof ValidationError
          ? fromValidation(error, () => judgeQuery(request, route))
          : toProblem(error, () => allowedMethods(app, pathname));
      const requestId = String(set.headers[REQUEST_ID]);
      if (statusOf(problem.code) === 500) {
        const traceId = traceIdOf(traceparentOf(request));
        logger.error(
          { error, method: request.method, path: pathname.slice(0, 256), requestId, traceId },
          "request failed",
        );
      }
      return problemResponse(problem, { instance: pathname, requestId });
    });
    return app;
  };
}

function toProblem(error: unknown, allowed: () => string[]): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ParseError) {
    if (error.cause instanceof AppError) return error.cause;
    return new AppError("INPUT_MALFORMED", "The body cannot be read.", { cause: error });
  }
  if (error instanceof NotFoundError) {
    const allow = allowed();
    return allow.length === 0
      ? new AppError("NOT_FOUND", "There is nothing at this address.")
      : new AppError("METHOD_NOT_ALLOWED", `This address takes ${allow.join(", ")}.`, {
          details: { allow },
        });
  }
  return new AppError("INTERNAL", "unexpected error", { cause: error });
}

function fromValidation(error: ValidationError, ofQuery: () => Violation[]): AppError {
  if (error.type === "response") {
    return new AppError("INTERNAL", "the answer breaks its own schema", { cause: error });
  }
  if (error.type === "body" && error.value === undefined) {
    return new AppError("INPUT_MALFORMED", "The request has no body; expected JSON.");
  }
  const found = violationsOf(error);
  const named = ofQuery().filter(({ path }) => !found.some((other) => other.path === path));
  return invalidInput([...found, ...named]);
}

function allowedMethods(app: AnyElysia, path: string): string[] {
  const matching = app.routes.filter(
    (route) => !route.hooks.detail?.hide && matchesPath(route.path, path),
  );
  const exact = matching.filter((route) => !route.path.includes(":"));
  const found = exact.length > 0 ? exact : matching;
  const methods = new Set(found.map((route) => route.method));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].sort();
}
