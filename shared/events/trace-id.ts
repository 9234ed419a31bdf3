const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace id in a W3C `traceparent`, for log lines; undefined when there is none. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return traceparent ? TRACEPARENT.exec(String(traceparent))?.[1] : undefined;
}
