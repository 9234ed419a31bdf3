import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** What the recording of spans needs of a tracer. */
export type SpanStarter = Pick<Tracer, "startSpan">;

/** The context that a well-formed `traceparent` of version 00 names. */
function spanContextOf(traceparent: string): SpanContext {
  const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The context for a child of what `traceparent` names; a new trace begins when there is none. */
export function childOf(traceparent: string | null | undefined): Context {
  if (!traceparent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(traceparent));
}

/** A link to what `traceparent` names. */
export function linkTo(traceparent: string): Link {
  return { context: spanContextOf(traceparent) };
}

/** The W3C trace context of a span: https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
