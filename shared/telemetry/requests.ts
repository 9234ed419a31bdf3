import { type Attributes, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { readTraceparent } from "@order-outbox/events";
import type { TraceRequest } from "@order-outbox/service-kit";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from "./attributes.ts";
import { childOf, type SpanStarter, traceparentOf } from "./span-context.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/**
 * Server spans by the conventions for HTTP
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server).
 */
export function traceRequests(tracer: SpanStarter): TraceRequest {
  return ({ method: given, route, path, headers }) => {
    const method = METHODS.includes(given) ? given : "_OTHER";
    const word = method === "_OTHER" ? "HTTP" : method;
    const isRoute = route !== "none";
    const span = tracer.startSpan(
      isRoute ? `${word} ${route}` : word,
      {
        kind: SpanKind.SERVER,
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: method,
          ...(isRoute ? { [ATTR_HTTP_ROUTE]: route } : {}),
          [ATTR_URL_PATH]: path,
          [ATTR_URL_SCHEME]: "http",
          ...serverOf(headers.get("host")),
          ...agentOf(headers.get("user-agent")),
        },
      },
      childOf(readTraceparent(headers.get("traceparent"))),
    );
    return {
      traceparent: traceparentOf(span),
      end(status) {
        span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
        // What a client does wrong is no error of the server's.
        if (status >= 500) {
          span.setAttribute(ATTR_ERROR_TYPE, String(status));
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  };
}

function serverOf(host: string | null): Attributes {
  const [, address, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(host ?? "") ?? [];
  if (address === undefined) return {};
  return {
    [ATTR_SERVER_ADDRESS]: address,
    ...(port === undefined ? {} : { [ATTR_SERVER_PORT]: Number(port) }),
  };
}

const agentOf = (agent: string | null): Attributes =>
  agent === null ? {} : { [ATTR_USER_AGENT_ORIGINAL]: agent };
