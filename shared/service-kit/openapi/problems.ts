import { AppError, type ErrorCode } from "@order-outbox/errors";
import { type NamedSchemas, toJsonSchema } from "@order-outbox/events";
import { MAX_BODY_BYTES } from "../http/json-body.ts";
import { invalidInput, ProblemSchema, problemResponse, type Violation } from "../http/problem.ts";
import type { ResponseObject } from "./objects.ts";

const NOT_ALLOWED = new AppError("METHOD_NOT_ALLOWED", "This address takes GET, HEAD.", {
  details: { allow: ["GET", "HEAD"] },
});

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  INPUT_MALFORMED: "The body is not valid JSON: Unexpected EOF.",
  UNAUTHORIZED: "Send the token: Authorization: Bearer …",
  NOT_FOUND: "There is nothing with this id.",
  HOST_NOT_ALLOWED:
    "This service does not answer to that Host; its setting ALLOWED_HOSTS lists names.",
  BODY_TOO_LARGE: `The body is larger than ${MAX_BODY_BYTES} bytes.`,
  MEDIA_TYPE_UNSUPPORTED: 'The body is "text/plain"; send JSON as "application/json".',
  IDEMPOTENCY_KEY_REUSED:
    "This Idempotency-Key stands for another request; use a new key for a new order.",
  OVERLOADED: "More work is waiting than can be done soon.",
  SHUTTING_DOWN: "The service is shutting down.",
  STORAGE_FULL: "The disk is full.",
  STORAGE_BUSY: "Another process keeps the database's lock.",
  STORAGE_LOST: "The database's file was deleted or replaced while it was open.",
  STORAGE_READONLY: "The database may not be written.",
};

const HEADERS: Readonly<Record<string, string>> = {
  Allow: "The methods that this address takes.",
  "Retry-After": "Seconds after which the same request may succeed.",
  "WWW-Authenticate": "How to send the token.",
};

/**
 * The problem+json answers to these errors by status, each with what is really sent as example.
 *
 * @param violation what is wrong in the example of `INPUT_INVALID`
 */
export async function describeProblems(
  codes: readonly ErrorCode[],
  named: NamedSchemas,
  violation: Violation = { in: "body", path: "", message: "is not valid" },
): Promise<Record<string, ResponseObject>> {
  const schema = toJsonSchema(ProblemSchema, named);
  const answers = await Promise.all(
    [...new Set(codes)].map(async (code) => {
      const answer = problemResponse(exampleOf(code, violation));
      return { code, answer, value: (await answer.json()) as { title: string } };
    }),
  );
  const byStatus = Object.entries(Object.groupBy(answers, ({ answer }) => answer.status));
  return Object.fromEntries(
    byStatus.map(([status, group = []]) => [
      status,
      {
        description: `${group[0]?.value.title}: ${group.map(({ code }) => code).join(", ")}`,
        ...headersOf(group[0]?.answer.headers ?? new Headers()),
        content: {
          "application/problem+json": {
            schema,
            examples: Object.fromEntries(group.map(({ code, value }) => [code, { value }])),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: ErrorCode, violation: Violation): AppError {
  if (code === "INPUT_INVALID") return invalidInput([violation]);
  if (code === "METHOD_NOT_ALLOWED") return NOT_ALLOWED;
  return new AppError(code, SENTENCES[code] ?? code);
}

function headersOf(headers: Headers): Pick<ResponseObject, "headers"> {
  const known = Object.entries(HEADERS).filter(([name]) => headers.has(name));
  const described = known.map(([name, description]) => [
    name,
    { description, required: true, schema: { type: "string" } },
  ]);
  return described.length === 0 ? {} : { headers: Object.fromEntries(described) };
}
