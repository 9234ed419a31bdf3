import { UNPRINTABLE } from "@order-outbox/events";
import { FormatRegistry, Kind, Type, TypeRegistry } from "@sinclair/typebox";

const AMOUNT_KIND = "OrderOutbox:Amount";
const CUSTOMER_ID_KIND = "OrderOutbox:CustomerId";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Spaces, joiners, marks of direction, fillers and variation selectors: nothing to see alone. */
const INVISIBLE =
  " \\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F" +
  "\\u202F\\u205F-\\u2065\\u206A-\\u206F\\u2800\\u3000\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB";

const CUSTOMER_ID_PATTERN = `^[^${UNPRINTABLE}]*[^${UNPRINTABLE}${INVISIBLE}][^${UNPRINTABLE}]*$`;
const CUSTOMER_ID = new RegExp(CUSTOMER_ID_PATTERN, "u");

TypeRegistry.Set(AMOUNT_KIND, (_schema, value) => isAmount(value));
TypeRegistry.Set(CUSTOMER_ID_KIND, (_schema, value) => isCustomerId(value));

// Elysia registers its own when it is imported first; without Elysia TypeBox knows no formats.
if (!FormatRegistry.Has("uuid")) FormatRegistry.Set("uuid", (text) => UUID.test(text));

/** A UUID in its plain textual form (RFC 9562), of any version; no `urn:uuid:` before it. */
export const OrderId = Type.String({
  format: "uuid",
  pattern: "^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
  description: "a UUID",
  examples: ["0198f6a2-0000-7000-8000-000000000001"],
});

/**
 * 1 to 128 printable characters (Unicode code points), at least one of them visible.
 *
 * Emoji, any script, and joiners and marks of direction between them are welcome. Refused are
 * control characters, line and paragraph separators, bidi embeddings, overrides and isolates, text
 * that has only spaces or zero-width characters, and lone surrogates, which are not text and would
 * not survive UTF-8. A kind of its own because TypeBox counts UTF-16 units, JSON Schema code points.
 */
export const CustomerId = Type.Unsafe<string>({
  [Kind]: CUSTOMER_ID_KIND,
  type: "string",
  minLength: 1,
  maxLength: 128,
  pattern: CUSTOMER_ID_PATTERN,
  description: "1 to 128 printable characters, not blank",
  examples: ["alice"],
});

/**
 * A sum of money: positive, at most 1,000,000, with at most two decimals.
 *
 * A kind of its own because `multipleOf: 0.01` by floating-point division refuses 99.99; here it has
 * to be the double that a decimal with two places is read as. The keywords remain for readers of the schema.
 */
export const Amount = Type.Unsafe<number>({
  [Kind]: AMOUNT_KIND,
  type: "number",
  minimum: 0.01,
  maximum: 1_000_000,
  multipleOf: 0.01,
  description: "a positive number up to 1000000 with at most two decimals",
  examples: [99.99],
});

function isAmount(value: unknown): boolean {
  return (
    typeof value === "number" &&
    value > 0 &&
    value <= 1_000_000 &&
    // A division is rounded to the nearest double, as reading the decimal of so many cents is.
    Math.round(value * 100) / 100 === value
  );
}

function isCustomerId(value: unknown): boolean {
  // 128 code points are at most 256 units: longer text need not be counted.
  if (typeof value !== "string" || value.length > 256 || !value.isWellFormed()) return false;
  return CUSTOMER_ID.test(value) && (value.length <= 128 || [...value].length <= 128);
}
