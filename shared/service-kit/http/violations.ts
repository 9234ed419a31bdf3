import type { TSchema } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import type { ValidationError } from "elysia";
import { rangeOf } from "../config/range.ts";
import type { Violation } from "./problem.ts";

/** Where a description says more than the rule: "a UUID" rather than a pattern. */
const DESCRIBED: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.Kind,
  ValueErrorType.StringFormat,
  ValueErrorType.StringPattern,
]);

/**
 * Every rule that a request breaks, one for each place: Elysia's own message names only the first.
 * A schema's `error`
 * text replaces the words chosen here.
 */
export function violationsOf(error: ValidationError): Violation[] {
  const byPath = new Map<string, Violation>();
  for (const found of error.all) {
    if (!("schema" in found) || byPath.has(found.path)) continue;
    const message = messageOf(found);
    // Elsewhere null stands for text that cannot be decoded.
    const isNull = error.type === "body" && found.value === null;
    byPath.set(found.path, {
      in: error.type as Violation["in"],
      path: found.path,
      message: isNull ? `is null, ${message}` : message,
    });
  }
  return [...byPath.values()];
}

function messageOf({ type, schema, value, message }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty || value === undefined) return "is required";
  if (type === ValueErrorType.ObjectAdditionalProperties) return "is not known";
  if (typeof schema.error === "string") return schema.error;
  if (DESCRIBED.has(type) && schema.description) return `must be ${schema.description}`;
  return describeSchema(schema) ?? message;
}

/** What a value must be, as far as the schema says so in one clause. */
function describeSchema(schema: TSchema): string | undefined {
  switch (schema.type) {
    case "integer":
      return `must be a whole number${rangeOf(schema)}`;
    case "number":
      return `must be a number${rangeOf(schema)}`;
    case "string":
      return `must be ${describeString(schema)}`;
    case "boolean":
      return "must be true or false";
    case "object":
      return "must be an object";
    case "array":
      return "must be an array";
  }
  return schema.anyOf ? describeUnion(schema.anyOf) : undefined;
}

function describeString({ format, pattern, minLength, maxLength }: TSchema): string {
  if (format !== undefined) return format === "uuid" ? "a UUID" : `a ${format}`;
  const limits = [
    minLength === undefined ? [] : `of at least ${minLength} characters`,
    maxLength === undefined ? [] : `of at most ${maxLength} characters`,
    pattern === undefined ? [] : `that matches ${pattern}`,
  ].flat();
  return ["a string", ...limits].join(" ");
}

/** For choices; and for the "string or number" that Elysia makes of a number in a query. */
function describeUnion(choices: readonly TSchema[]): string | undefined {
  const values = choices.map((choice) => choice.const).filter((value) => value !== undefined);
  if (values.length === choices.length) return `must be one of ${values.join(", ")}`;
  const number = choices.find(({ type }) => type === "integer" || type === "number");
  return number && choices.length === 2 ? describeSchema(number) : undefined;
}
