import type { AnyEventOf, EventMap } from "./define-events.ts";
import type { EventMetadata, EventOf } from "./event.ts";
import { decodeUtf8, HeaderReader, type HeaderValue } from "./header-reader.ts";
import { malformed } from "./malformed.ts";
import { isTimestamp } from "./timestamp.ts";
import { readTraceparent } from "./traceparent.ts";
import type { Violation } from "./violations.ts";

/** The parts of a Kafka record that an event is read from. */
export interface WireRecord {
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers?: Readonly<Record<string, HeaderValue>> | undefined;
}

/** What a well-formed record turned out to be. Unknown types are to be skipped and counted. */
export type Decoded<Event extends EventOf = EventOf> =
  | { kind: "event"; event: Event }
  | { kind: "unknown"; id: string; type: string };

/** What can still be told about a record that is not a readable event. */
export interface RecordIdentity {
  id?: string;
  type?: string;
  source?: string;
}

/** How many characters the headers may have that identify an event. */
const MAX_NAME = 128;

const JSON_MEDIA_TYPE = /^application\/json\s*(?:;|$)/i;

/**
 * Reads a record that should be an event of this map in CloudEvents binary mode. Unknown headers and
 * data fields are ignored, and so is a `traceparent` that is none.
 *
 * @throws AppError `EVENT_MALFORMED` with the problems in `details.violations`: all of the headers'
 * if there are any, else all of the key's and the data's.
 */
export function decodeEvent<Map extends EventMap>(
  events: Map,
  record: WireRecord,
): Decoded<AnyEventOf<Map>> {
  const headers = new HeaderReader(record.headers ?? {});
  const { id, type } = readIdentity(headers);
  if (headers.problems.length === 0 && !events.has(type)) return { kind: "unknown", id, type };

  const rest = readContext(headers);
  if (headers.problems.length > 0) {
    throw malformed("the record's headers", headers.problems);
  }
  const data = readJson(record.value);
  const violations = keyViolations(record.key, rest.subject).concat(events.violations(type, data));
  if (violations.length === 0 && events.subjectOf(type, data) !== rest.subject) {
    const subject = events.subjectOf(type, data);
    violations.push({ path: "data", message: `is about ${subject}, not the record's ce_subject` });
  }
  if (violations.length > 0) throw malformed(`the record of ${type} ${id}`, violations);
  // The schema of `type` has just accepted `data`.
  return { kind: "event", event: { id, type, ...rest, data } as AnyEventOf<Map> };
}

/** What a record that {@link decodeEvent} refuses says that it is, as far as that is readable. */
export function peekIdentity(record: WireRecord): RecordIdentity {
  const headers = new HeaderReader(record.headers ?? {});
  const { id, type } = readIdentity(headers);
  const source = headers.required("ce_source");
  return { ...(id && { id }), ...(type && { type }), ...(source && { source }) };
}

/** `""` stands for what is missing; the reader has noted the problem. */
function readIdentity(headers: HeaderReader) {
  const version = headers.required("ce_specversion") ?? "";
  if (version && version !== "1.0") headers.refuse("ce_specversion", "must be 1.0");
  const read = (name: string) => headers.required(name, MAX_NAME) ?? "";
  return { id: read("ce_id"), type: read("ce_type") };
}

function readContext(headers: HeaderReader) {
  const source = headers.required("ce_source") ?? "";
  const subject = headers.required("ce_subject", MAX_NAME) ?? "";
  const time = readTime(headers);
  const sequence = readSequence(headers);
  const mediaType = headers.required("content-type") ?? "";
  if (mediaType && !JSON_MEDIA_TYPE.test(mediaType)) {
    headers.refuse("content-type", "must be application/json");
  }
  // A broken trace is no reason to refuse an event.
  const traceparent = readTraceparent(headers.tolerated("traceparent"));
  const context: Omit<EventMetadata, "id" | "type"> = { source, time, subject };
  if (sequence !== undefined) context.sequence = sequence;
  if (traceparent !== undefined) context.traceparent = traceparent;
  return context;
}

function readTime(headers: HeaderReader): string {
  const time = headers.required("ce_time") ?? "";
  if (isTimestamp(time)) return time.endsWith("Z") ? time : new Date(time).toISOString();
  if (time) headers.refuse("ce_time", "must be a time in RFC 3339");
  return "";
}

function readSequence(headers: HeaderReader): number | undefined {
  const text = headers.optional("ce_sequence");
  if (text === undefined) return undefined;
  const sequence = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  headers.refuse("ce_sequence", "must be a whole number");
  return undefined;
}

function keyViolations(key: Uint8Array | null, subject: string): Violation[] {
  if (key === null) return [{ path: "key", message: "is missing" }];
  if (decodeUtf8(key) === subject) return [];
  return [{ path: "key", message: "must be the record's ce_subject" }];
}

function readJson(value: Uint8Array | null): unknown {
  const text = value === null ? undefined : decodeUtf8(value);
  const problem = value === null ? "is missing" : "is not UTF-8";
  if (text === undefined) throw malformed("the record", [{ path: "value", message: problem }]);
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("the record", [{ path: "value", message: "is not JSON" }]);
  }
}
