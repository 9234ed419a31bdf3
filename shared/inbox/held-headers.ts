import type { ConsumedRecord } from "@order-outbox/kafka";

/** A header's text; null where it has no value. */
export type TextHeader = string | null;

/** Headers of a record; a list where a name is repeated. */
export type TextHeaders = Readonly<Record<string, TextHeader | readonly TextHeader[]>>;

/** How much is kept of the key of a record that is set aside. Keys of events are shorter. */
export const MAX_KEY_BYTES = 256;

const MAX_HEADERS = 32;
const MAX_NAME = 128;
/** As long as a header that is read may be; of a longer one the beginning tells enough. */
const MAX_VALUE = 255;
const BEGINNING = 64;
/** Makes a header unreadable, as it was before it was cut. */
const CUT = "\0";
/** A header that is read may not be repeated: two are as bad as any number. */
const MAX_REPEATS = 2;

/**
 * What is kept of the headers of a record that is set aside: all that are read of an event, as far as
 * they may be read, and a bounded part of whatever else somebody wrote there.
 */
export function keptHeaders(headers: TextHeaders): TextHeaders {
  const cut = (text: TextHeader) =>
    text !== null && text.length > MAX_VALUE ? text.slice(0, BEGINNING) + CUT : text;
  const kept = Object.entries(headers)
    .filter(([name]) => name.length <= MAX_NAME)
    .toSorted(([a], [b]) => Number(isRead(b)) - Number(isRead(a)))
    .slice(0, MAX_HEADERS)
    .map(([name, value]): [string, TextHeader | readonly TextHeader[]] => [
      name,
      value === null || typeof value === "string"
        ? cut(value)
        : value.slice(0, MAX_REPEATS).map(cut),
    ]);
  return Object.fromEntries(kept);
}

const READ: ReadonlySet<string> = new Set([
  ...["specversion", "id", "type", "source", "time", "subject", "sequence"].map((n) => `ce_${n}`),
  "content-type",
  "traceparent",
]);
const isRead = (name: string): boolean => READ.has(name);

/** Headers as text for the table; bytes that are not UTF-8 lose their meaning, not the record. */
export function textHeaders(headers: ConsumedRecord["headers"]): TextHeaders {
  const text = (value: Buffer | string | null) => value?.toString() ?? null;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.map(text) : text(value)]],
    ),
  );
}
