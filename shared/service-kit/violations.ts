import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import type { ValidationError } from "elysia";
import type { Violation } from "./problem.ts";

/**
 * Every rule that a request breaks, one for each place: Elysia's own message names only the first.
 * The `error` text of a schema replaces the words chosen here.
 */
export function violationsOf(error: ValidationError): Violation[] {
  const byPath = new Map<string, Violation>();
  for (const found of error.all) {
    if (!("schema" in found) || byPath.has(found.path)) continue;
    byPath.set(found.path, {
      in: error.type as Violation["in"],
      path: found.path,
      message: messageOf(found),
    });
  }
  return [...byPath.values()];
}

function messageOf({ type, schema, message }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return "is required";
  if (typeof schema.error === "string") return schema.error;
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return "is not known";
    case ValueErrorType.StringMinLength:
      return `must have at least ${count(schema.minLength, "character")}`;
    case ValueErrorType.StringMaxLength:
      return `must have at most ${count(schema.maxLength, "character")}`;
    case ValueErrorType.StringFormat:
      return `must be a ${schema.format === "uuid" ? "UUID" : schema.format}`;
    case ValueErrorType.StringPattern:
      return `must match ${schema.pattern}`;
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return `must be at least ${schema.minimum}`;
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return `must be at most ${schema.maximum}`;
    case ValueErrorType.IntegerExclusiveMinimum:
    case ValueErrorType.NumberExclusiveMinimum:
      return `must be more than ${schema.exclusiveMinimum}`;
    case ValueErrorType.Integer:
      return "must be a whole number";
    case ValueErrorType.Union:
      return unionMessage(schema.anyOf);
    default:
      return message
        .replace(/^Expected (array|integer|object)$/, "must be an $1")
        .replace(/^Expected (string|number|boolean|null)$/, "must be a $1");
  }
}

function unionMessage(choices: readonly Record<string, unknown>[]): string {
  const values = choices.map((choice) => choice.const).filter((value) => value !== undefined);
  if (values.length === choices.length) return `must be one of ${values.join(", ")}`;
  const types = new Set(choices.map((choice) => choice.type ?? choice.format));
  return `must be ${types.has("string") && types.size === 2 ? "a number" : [...types].join(" or ")}`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
