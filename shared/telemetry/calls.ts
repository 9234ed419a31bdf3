import { SpanKind } from "@opentelemetry/api";
import { ATTR_SERVICE_PEER_NAME } from "./attributes.ts";
import { childOf, type SpanStarter, traceparentOf } from "./span-context.ts";
import { noteError } from "./span-errors.ts";
import type { Tracing } from "./tracing.ts";

/** Client spans of calls to the outside world. */
export function traceCalls(tracer: SpanStarter): Tracing["call"] {
  return async ({ name, peer, traceparent, attributes }, work) => {
    const span = tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes: { [ATTR_SERVICE_PEER_NAME]: peer, ...attributes } },
      childOf(traceparent),
    );
    try {
      return await work(traceparentOf(span));
    } catch (error) {
      noteError(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
}
