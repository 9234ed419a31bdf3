import { AppError } from "@order-outbox/errors";
import type { Logger } from "../logs/logger.ts";
import type { HostVerdict, JudgeHost } from "./allowed-hosts.ts";
import type { ServedApp } from "./observe-requests.ts";
import { problemResponse } from "./problem.ts";
import { chooseRequestId, REQUEST_ID } from "./request-id.ts";

/** What {@link guardRequests} judges by, and where it says what failed. */
export interface GuardOptions {
  judgeHost: JudgeHost;
  logger: Logger;
}

/**
 * `app`, of which every request gets an answer of ours. Refused here are those that no route may
 * see: without a proper `Host`, when the runtime hands over a bare path as URL, for a foreign one,
 * and for no path at all, as CONNECT's are. What `app` throws is logged and answered with 500.
 */
export function guardRequests(app: ServedApp, { judgeHost, logger }: GuardOptions): ServedApp {
  function fail(error: unknown, { method, headers }: Request): Response {
    const requestId = chooseRequestId(headers.get(REQUEST_ID));
    logger.error({ error, method, requestId }, "request failed outside of its route");
    return named(new AppError("INTERNAL", "the app threw", { cause: error }), requestId);
  }

  return {
    routes: app.routes,
    fetch(request) {
      const { url, method, headers } = request;
      const verdict = judgeHost(headers.get("host"));
      if (verdict !== "fine" || method === "CONNECT" || !url.startsWith("http")) {
        return named(refusal(verdict), chooseRequestId(headers.get(REQUEST_ID)));
      }
      try {
        const answer = app.fetch(request);
        return answer instanceof Promise ? answer.catch((error) => fail(error, request)) : answer;
      } catch (error) {
        return fail(error, request);
      }
    },
  };
}

function named(error: AppError, requestId: string): Response {
  const response = problemResponse(error, { requestId });
  response.headers.set(REQUEST_ID, requestId);
  return response;
}

function refusal(verdict: HostVerdict): AppError {
  switch (verdict) {
    case "malformed":
      return new AppError("INPUT_MALFORMED", "The Host header has to be one name or address.");
    case "foreign":
      return new AppError(
        "HOST_NOT_ALLOWED",
        "This service does not answer to that Host; its setting ALLOWED_HOSTS lists names.",
      );
    case "fine":
      return new AppError("INPUT_MALFORMED", "The request has to name a path of this service.");
  }
}
