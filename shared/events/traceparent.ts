/** W3C Trace Context: version, trace id, parent id, flags; ids of zeros only are invalid. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const SAMPLED = 1;

/**
 * A `traceparent` from outside as version 00 of W3C Trace Context
 * (https://www.w3.org/TR/trace-context/#versioning-of-traceparent), so that it may be passed on;
 * undefined when it is none, which starts a new trace. Of a later version, the fields of version 00
 * are taken.
 */
export function readTraceparent(text: string | null | undefined): string | undefined {
  if (!text) return undefined;
  const [, version, ids, flags = ""] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined) return undefined;
  if (version === "00") return text.length === 55 ? text : undefined;
  return `00-${ids}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}
