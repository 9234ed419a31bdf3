import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";

/** One rule that a value breaks. */
export interface Violation {
  /** Where, as a JSON pointer into the value (RFC 6901); empty for the value itself. */
  path: string;
  /** What is expected there, to be read by people. */
  message: string;
}

/** Where a schema's description says more than TypeBox's message: "a UUID" rather than a pattern. */
const DESCRIBED: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.Kind,
  ValueErrorType.StringFormat,
  ValueErrorType.StringPattern,
]);

/** TypeBox's errors as violations, the first of each place: a missing field is reported once. */
export function describeViolations(errors: Iterable<ValueError>): Violation[] {
  const first = new Map<string, Violation>();
  for (const error of errors) {
    if (!first.has(error.path)) {
      first.set(error.path, { path: error.path, message: describe(error) });
    }
  }
  return [...first.values()];
}

function describe({ type, schema, message }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return "is required";
  return DESCRIBED.has(type) && schema.description ? `must be ${schema.description}` : message;
}
