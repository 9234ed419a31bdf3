import { AppError, isAppError } from "@order-outbox/errors";
import { Kind, OptionalKind, type Static, type TObject, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { rangeOf } from "./range.ts";
import { notesOf } from "./settings.ts";

/** One setting that does not fit, as found in `details.problems` of a `CONFIG_INVALID` error. */
export interface SettingProblem {
  variable: string;
  /** Completes "VARIABLE must be …". */
  expected: string;
  /** "it is …"; never shows the value of a secret. */
  given: string;
}

/** The environment as `process.env` gives it. */
export type Environment = Record<string, string | undefined>;

/**
 * The settings in `env`, converted and completed with the defaults of `schema`, whose property
 * names are the names of the variables.
 *
 * A variable that is set but empty is wrong unless its schema accepts an empty text: a default
 * silently taken for `KAFKA_HOST=` hides the mistake.
 *
 * @throws AppError `CONFIG_INVALID` that names every problem at once
 */
export function loadConfig<Schema extends TObject>(
  schema: Schema,
  env: Environment,
  { service }: { service: string },
): Static<Schema> {
  const settings: Record<string, unknown> = {};
  const problems: SettingProblem[] = [];
  for (const [variable, setting] of Object.entries(schema.properties)) {
    const text = env[variable];
    if (text === undefined) {
      if (setting.default !== undefined) settings[variable] = setting.default;
      else if (!(OptionalKind in setting)) {
        problems.push({ variable, expected: expectedOf(setting), given: "it is not set" });
      }
      continue;
    }
    const value = convert(setting, text);
    if (Value.Check(setting, value)) settings[variable] = value;
    else {
      problems.push({ variable, expected: expectedOf(setting), given: givenOf(setting, text) });
    }
  }
  for (const [variable, setting] of Object.entries(schema.properties)) {
    if (problems.some((problem) => problem.variable === variable)) continue;
    const problem = notesOf(setting).check?.(settings[variable], settings);
    if (problem !== undefined) problems.push({ variable, ...problem });
  }
  if (problems.length === 0) return settings as Static<Schema>;
  const lines = problems.map(
    ({ variable, expected, given }) => `${variable} must be ${expected}; ${given}`,
  );
  throw new AppError("CONFIG_INVALID", [`${service} cannot start:`, ...lines].join("\n  "), {
    details: { problems },
  });
}

/**
 * Runs `start`, and ends the process with a message on stderr when that fails, at once or later, for
 * a reason of ours: code 78 (`EX_CONFIG` of sysexits.h) when trying again cannot help, as with a wrong
 * setting or a file that is no database, 1 otherwise, such as for a full disk.
 * No stack trace, which would bury the sentence that helps.
 */
export function exitOnConfigError<Result>(start: () => Result): Result {
  try {
    const result = start();
    return result instanceof Promise ? (result.catch(exitWith) as Result) : result;
  } catch (error) {
    return exitWith(error);
  }
}

function exitWith(error: unknown): never {
  if (!isAppError(error)) throw error;
  console.error(error.message);
  process.exit(error.retryable ? 1 : 78);
}

function convert(setting: TSchema, text: string): unknown {
  switch (setting[Kind]) {
    case "Integer":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "Number":
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case "Boolean":
      return text === "true" ? true : text === "false" ? false : text;
    default:
      return text;
  }
}

function givenOf(setting: TSchema, text: string): string {
  if (text === "") return "it is empty";
  return notesOf(setting).secret ? "its value is not shown" : `it is ${JSON.stringify(text)}`;
}

/** What a setting takes, in words that complete "NAME must be …". */
export function expectedOf(setting: TSchema): string {
  const { expected } = notesOf(setting);
  if (expected !== undefined) return expected;
  switch (setting[Kind]) {
    case "Integer":
      return `a whole number${rangeOf(setting)}`;
    case "Number":
      return `a number${rangeOf(setting)}`;
    case "Boolean":
      return "true or false";
    case "Union": {
      const choices: TSchema[] = setting.anyOf;
      return choices.map((choice) => String(choice.const)).join(" or ");
    }
    default:
      return setting.pattern ? `text like ${setting.pattern}` : "a text";
  }
}
