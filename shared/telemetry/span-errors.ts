import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { toAppError } from "@order-outbox/errors";
import { ATTR_ERROR_TYPE } from "./attributes.ts";

/** Says on a span that what it stands for failed: the code as the type, and the message. */
export function noteError(span: Span, thrown: unknown): void {
  const { code, message } = toAppError(thrown);
  span.setAttribute(ATTR_ERROR_TYPE, code);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
